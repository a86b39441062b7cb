package io.hostpipe.connector.websocket;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.Link;
import io.hostpipe.runtime.tls.TlsLink;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A WebSocket over the link that carries it, TCP or TLS.
 *
 * <p><b>Opening.</b> Who dialed has been through the handshake when this is made. Who accepted goes
 * through it in its first read, on the thread that waits for the greeting and under its deadline;
 * until then a write fails.
 *
 * <p><b>Ends.</b> The peer's close frame ends the link, never a stream. To close is to break the
 * connection, as with every link: what has to be said at the end of a stream the session has said.
 *
 * <p>Thread rule: as {@link Link}.
 */
final class WebSocketLink implements Link {
  private final Link carrier;
  private final @Nullable Upgrade upgrade;
  private final MessageWriter writer;
  private @Nullable MessageReader reader;
  private volatile @Nullable String name;

  /** For who accepted. */
  WebSocketLink(Link carrier, Upgrade upgrade) {
    this.carrier = carrier;
    this.upgrade = upgrade;
    this.writer = new MessageWriter(carrier, false);
  }

  /**
   * For who dialed.
   *
   * @param name of the pipe that the path leads to
   * @param rest what came behind the handshake
   */
  WebSocketLink(Link carrier, String name, ByteBuffer rest) {
    this.carrier = carrier;
    this.upgrade = null;
    this.name = name;
    this.writer = new MessageWriter(carrier, true);
    this.reader = new MessageReader(carrier, false, rest, new Answers());
  }

  @Override
  public long read(ByteBuffer[] targets) throws IOException {
    MessageReader now = reader;
    if (now == null) {
      now = open();
    }
    try {
      return now.read(targets);
    } catch (WebSocketException e) {
      writer.endElsewhere(e.code().payload(String.valueOf(e.getMessage())));
      throw new PipeException.Refused(
          Status.ABORTED, "broke a rule of WebSocket: " + e.getMessage(), e);
    }
  }

  private MessageReader open() throws IOException {
    if (upgrade == null) {
      throw new IllegalStateException("a dialed WebSocket has no reader");
    }
    Upgrade.Accepted accepted = upgrade.accept(carrier);
    MessageReader opened = new MessageReader(carrier, true, accepted.rest(), new Answers());
    reader = opened;
    name = accepted.name();
    return opened;
  }

  @Override
  public void write(ByteBuffer[] buffers, int count) throws IOException {
    checkOpen();
    writer.write(buffers, count);
  }

  @Override
  public void shutdownOutput() throws IOException {
    checkOpen();
    writer.end(CloseCode.NORMAL.payload(""));
  }

  @Override
  public boolean isQuiet() {
    MessageReader now = reader;
    return now != null && now.isEmpty() && carrier.isQuiet();
  }

  @Override
  public String peer() {
    return carrier.peer();
  }

  @Override
  public String plainScheme() {
    return carrier.plainScheme();
  }

  @Override
  public String carrier() {
    return carrier instanceof TlsLink ? "wss" : "ws";
  }

  @Override
  public @Nullable String pipeName() {
    return name;
  }

  @Override
  public byte @Nullable [] channelBinding() {
    return carrier.channelBinding();
  }

  @Override
  public @Nullable String principal() {
    return carrier.principal();
  }

  @Override
  public void close() {
    carrier.close();
  }

  private void checkOpen() throws IOException {
    if (name == null) {
      throw new IOException(peer() + ": the WebSocket is not open yet");
    }
  }

  /** What this side answers without being asked by its session. */
  private final class Answers implements MessageReader.Events {
    @Override
    public void onPing(byte[] payload) {
      writer.pongElsewhere(payload);
    }

    @Override
    public void onClose(ByteBuffer payload) throws IOException {
      writer.endElsewhere(CloseCode.NORMAL.payload(""));
      if (!CloseCode.isNormal(payload)) {
        throw new PipeException.Refused(
            Status.ABORTED, "closed the WebSocket with " + CloseCode.shown(payload));
      }
    }
  }
}
