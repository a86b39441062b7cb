package io.hostpipe.connector.grpc;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.hostpipe.connector.grpc.proto.Ack;
import io.hostpipe.connector.grpc.proto.ClientFrame;
import io.hostpipe.connector.grpc.proto.Finish;
import io.hostpipe.connector.grpc.proto.Open;
import io.hostpipe.connector.grpc.proto.Opened;
import io.hostpipe.connector.grpc.proto.ServerFrame;
import io.hostpipe.runtime.access.Principal;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One call of a foreign client: hands what comes to the stream that it opened.
 *
 * <p>Thread rule: the transport calls the listener's methods; everything that is sent, the stream's
 * own thread sends.
 */
final class Attached extends ServerCall.Listener<ClientFrame> {
  /** As long as frames of this size wait for the stream's thread, no other is asked for. */
  private static final long WAITING_BYTES_MAX = 1L << 20;

  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final ServerCall<ClientFrame, ServerFrame> call;
  private final @Nullable String principal;
  private final ClientStreams streams;
  private final Incoming incoming;
  private volatile @Nullable Principal admitted;
  private volatile @Nullable ClientStream stream;
  private boolean closed;
  private final HeldMessages waiting = new HeldMessages(WAITING_BYTES_MAX);

  /** Whether a frame has been asked for, or is on its way to the stream. */
  private final AtomicBoolean asked = new AtomicBoolean();

  /**
   * This call.
   *
   * @param principal who makes it, where a certificate says so
   * @param incoming the same call as its connection sees it
   */
  Attached(
      ServerCall<ClientFrame, ServerFrame> call,
      @Nullable String principal,
      ClientStreams streams,
      Incoming incoming) {
    this.incoming = incoming;
    this.call = call;
    this.principal = principal;
    this.streams = streams;
  }

  /** Takes the call, or closes it where a token is asked for that its head does not show. */
  void begin(Metadata headers) {
    try {
      admitted = streams.admit(headers.get(AUTHORIZATION), peer());
    } catch (ClientFailure e) {
      close(e.status());
      return;
    }
    call.sendHeaders(new Metadata());
    call.request(1);
  }

  @Nullable String principal() {
    return principal;
  }

  /** Who it has shown to be by a token; null when none was asked for. */
  @Nullable Principal admitted() {
    return admitted;
  }

  String peer() {
    return Transport.peer(call.getAttributes());
  }

  // ------------------------------------------------------------- from the transport

  @Override
  public void onMessage(ClientFrame frame) {
    ClientStream known = stream;
    if (known != null) {
      asked.set(false); // first: whoever makes room from here on asks
      boolean room = waiting.add(frame);
      known.post(this, frame);
      ask(room);
    } else if (frame.hasOpen()) {
      open(frame.getOpen());
    } else {
      close(Status.INVALID_ARGUMENT.withDescription("the first frame has to be Open"));
    }
  }

  @Override
  public void onHalfClose() {
    ClientStream known = stream;
    if (known == null) {
      close(Status.INVALID_ARGUMENT.withDescription("nothing was opened"));
    } else {
      known.onHalfClosed(this);
    }
  }

  @Override
  public void onComplete() {
    incoming.onOver();
  }

  @Override
  public void onCancel() {
    incoming.onOver();
    ClientStream known = stream;
    if (known != null) {
      known.onDetached(this);
    }
  }

  @Override
  public void onReady() {
    ClientStream known = stream;
    if (known != null) {
      known.onReady(this);
    }
  }

  private void open(Open open) {
    try {
      stream = streams.attach(open, this);
      incoming.letIn();
    } catch (ClientFailure e) {
      close(e.status());
    }
  }

  // ------------------------------------------------------------- from the stream

  /** It is this call's turn: frames may come. */
  void opened(Opened opened) {
    send(ServerFrame.newBuilder().setOpened(opened).build());
    ask(true);
  }

  /** A frame was dealt with: another one may come. */
  void handled(ClientFrame frame) {
    ask(waiting.remove(frame));
  }

  private void ask(boolean room) {
    if (room && asked.compareAndSet(false, true)) {
      call.request(1);
    }
  }

  boolean isReady() {
    return call.isReady();
  }

  void ack(Ack ack) {
    send(ServerFrame.newBuilder().setAck(ack).build());
  }

  void finish() {
    send(ServerFrame.newBuilder().setFinish(Finish.getDefaultInstance()).build());
  }

  void send(ServerFrame frame) {
    if (!closed && !call.isCancelled()) {
      call.sendMessage(frame);
    }
  }

  void close(Status status) {
    if (!closed) {
      closed = true;
      call.close(status, new Metadata());
    }
  }
}
