package io.hostpipe.connector.grpc;

import io.grpc.Status;
import io.hostpipe.PipeException;

/** Why a foreign client's call ends: a status that it can act upon. */
final class ClientFailure extends Exception {
  private final transient Status status;

  ClientFailure(Status.Code code, String reason) {
    super(reason);
    this.status = code.toStatus().withDescription(reason);
  }

  /** The numbers of Hostpipe's status codes are those of gRPC. */
  static Status statusOf(PipeException failure) {
    return Status.fromCodeValue(failure.status().code()).withDescription(failure.getMessage());
  }

  Status status() {
    return status;
  }
}
