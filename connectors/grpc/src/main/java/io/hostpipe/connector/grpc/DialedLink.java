package io.hostpipe.connector.grpc;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.hostpipe.runtime.tls.TlsSide;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** A link that this side dialed: one stream on an HTTP/2 connection of its own. */
final class DialedLink extends GrpcLink {
  /** How long the peer may take to see that this side has closed. */
  private static final long FAREWELL_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final ManagedChannel channel;
  private final @Nullable TlsSide tls;
  private final ClientCall<InputStream, InputStream> call;
  private final CompletableFuture<Status> answered = new CompletableFuture<>();
  private volatile String peer;

  private DialedLink(ManagedChannel channel, @Nullable TlsSide tls, String peer) {
    this.channel = channel;
    this.tls = tls;
    this.peer = peer;
    this.call =
        channel.newCall(
            Carrying.METHOD, CallOptions.DEFAULT.withOnReadyThreshold(Carrying.QUEUED_BYTES_MAX));
  }

  /**
   * Opens the stream and waits until the peer has taken it. Owns the channel.
   *
   * @param tls this side of it; null on a plain connection
   * @param peer for people, until the connection tells more
   * @throws GrpcFailure when it was refused
   */
  static DialedLink open(
      ManagedChannel channel, @Nullable TlsSide tls, String peer, Duration timeout)
      throws IOException {
    DialedLink link = new DialedLink(channel, tls, peer);
    OpenLinks.add(link);
    link.call.start(link.new Listener(), new Metadata());
    link.request(Carrying.ARRIVED_COUNT_MAX);
    try {
      Status status = link.answered.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
      if (!status.isOk()) {
        throw new GrpcFailure(status);
      }
      return link;
    } catch (TimeoutException e) {
      link.tearDown("nobody answered");
      throw new SocketTimeoutException(
          tls == null
              ? "no answer for " + timeout.toMillis() + " ms"
              : peer + " took longer than " + timeout.toMillis() + " ms to agree on TLS and gRPC");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      link.tearDown("interrupted");
      throw new IOException("interrupted while dialing " + peer, e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("only ever completed by a value", e);
    }
  }

  @Override
  public String peer() {
    return peer;
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
    call.halfClose();
  }

  @Override
  void end() {
    try {
      call.halfClose();
    } catch (IllegalStateException e) {
      // The output has ended already.
    }
    var _ =
        Transport.LOOPS.schedule(() -> tearDown("closed"), FAREWELL_NANOS, TimeUnit.NANOSECONDS);
  }

  private void tearDown(String why) {
    if (!isOver()) {
      call.cancel(why, null);
      onOver(why);
    }
    channel.shutdownNow();
  }

  private final class Listener extends ClientCall.Listener<InputStream> {
    @Override
    public void onHeaders(Metadata headers) {
      peer = Transport.peer(call.getAttributes());
      try {
        onAgreed(Transport.agreed(call.getAttributes(), tls));
        answered.complete(Status.OK);
      } catch (SSLException e) {
        answered.complete(Status.UNAVAILABLE.withCause(e));
        tearDown("who the peer is cannot be told");
      }
    }

    @Override
    public void onMessage(InputStream chunk) {
      onChunk(chunk);
    }

    @Override
    public void onReady() {
      DialedLink.this.onReady();
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      onOver(status.isOk() ? null : Transport.shown(status));
      answered.complete(
          status.isOk() ? Status.UNAVAILABLE.withDescription("closed at once") : status);
      channel.shutdownNow();
    }
  }
}
