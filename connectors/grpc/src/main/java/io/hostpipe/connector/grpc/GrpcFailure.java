package io.hostpipe.connector.grpc;

import io.grpc.Status;
import java.io.IOException;

/** A call ended with this status. */
final class GrpcFailure extends IOException {
  private final transient Status status;

  GrpcFailure(Status status) {
    super(Transport.shown(status), status.getCause());
    this.status = status;
  }

  Status status() {
    return status;
  }
}
