package io.hostpipe.connector.grpc;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.hostpipe.runtime.tls.Agreed;
import java.io.InputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A link that a peer dialed: the server's side of its stream. */
final class TakenLink extends GrpcLink {
  private final ServerCall<InputStream, InputStream> call;
  private final String peer;
  private final Incoming incoming;

  /**
   * Over this call.
   *
   * @param agreed what holds on its connection; null without TLS
   * @param incoming the same call as its connection sees it
   */
  TakenLink(ServerCall<InputStream, InputStream> call, @Nullable Agreed agreed, Incoming incoming) {
    this.incoming = incoming;
    this.call = call;
    this.peer = Transport.peer(call.getAttributes());
    onAgreed(agreed);
  }

  /** Tells the peer that its stream is taken, and begins to read. */
  ServerCall.Listener<InputStream> begin() {
    OpenLinks.add(this);
    incoming.onGreeting();
    call.setOnReadyThreshold(Carrying.QUEUED_BYTES_MAX);
    call.sendHeaders(new Metadata());
    call.request(Carrying.ARRIVED_COUNT_MAX);
    return new Listener();
  }

  /** Turns it away with this answer. */
  void refuse(Status why) {
    call.close(why, new Metadata());
  }

  @Override
  public String peer() {
    return peer;
  }

  @Override
  public void onLetIn() {
    incoming.letIn();
  }

  @Override
  public @Nullable String turnedAwayFor() {
    return incoming.turnedAwayFor();
  }

  @Override
  void request(int count) {
    call.request(count);
  }

  @Override
  boolean isReady() {
    return call.isReady();
  }

  @Override
  void send(Chunk chunk) {
    call.sendMessage(chunk);
  }

  @Override
  void endOutput() {
    call.sendMessage(new Chunk(new ByteBuffer[0], 0, new byte[0]));
  }

  @Override
  void end() {
    call.close(Status.OK, new Metadata());
  }

  private final class Listener extends ServerCall.Listener<InputStream> {
    @Override
    public void onMessage(InputStream chunk) {
      onChunk(chunk);
    }

    @Override
    public void onHalfClose() {
      onPeerEnded();
    }

    @Override
    public void onCancel() {
      incoming.onOver();
      onOver("the peer broke the stream, or its connection is lost");
    }

    @Override
    public void onComplete() {
      incoming.onOver();
      onOver(null);
    }

    @Override
    public void onReady() {
      TakenLink.this.onReady();
    }
  }
}
