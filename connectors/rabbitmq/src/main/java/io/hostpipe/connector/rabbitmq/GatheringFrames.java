package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.WriteListener;
import com.rabbitmq.client.impl.AMQConnection;
import com.rabbitmq.client.impl.Frame;
import com.rabbitmq.client.impl.FrameHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketException;
import org.jspecify.annotations.Nullable;

/**
 * The frames of one connection, of which those of one thread may go out together.
 *
 * <p>The library sends each message by itself, and a server takes what comes in one piece with much
 * less trouble than many small pieces. Whoever publishes says that more will follow, and has to
 * {@link #flush() flush} before it waits for anything.
 *
 * <p>Thread rule: one thread gathers at a time; what others send goes out at once, with all that
 * was gathered before it.
 */
final class GatheringFrames implements FrameHandler {
  private final FrameHandler frames;
  private volatile @Nullable Thread gathering;

  GatheringFrames(FrameHandler frames) {
    this.frames = frames;
  }

  /** What this thread sends may wait, until it flushes. */
  void gather() {
    Thread current = Thread.currentThread();
    if (!current.equals(gathering)) {
      gathering = current;
    }
  }

  /** Sends all that was gathered. Blocks while the server takes no more. */
  void flush() throws IOException {
    gathering = null;
    frames.flush(null);
  }

  @Override
  public void flush(@Nullable WriteListener listener) throws IOException {
    if (listener != null || !Thread.currentThread().equals(gathering)) {
      frames.flush(listener);
    }
  }

  @Override
  public boolean internalHearbeat() {
    return frames.internalHearbeat();
  }

  @Override
  public void setTimeout(int timeoutMillis) throws SocketException {
    frames.setTimeout(timeoutMillis);
  }

  @Override
  public int getTimeout() throws SocketException {
    return frames.getTimeout();
  }

  @Override
  public void sendHeader() throws IOException {
    frames.sendHeader();
  }

  @Override
  public void initialize(AMQConnection connection) {
    frames.initialize(connection);
  }

  @Override
  public void startProcessing() {
    frames.startProcessing();
  }

  @Override
  public void finishConnectionNegotiation() {
    frames.finishConnectionNegotiation();
  }

  @Override
  public void setFrameMax(int frameMax) {
    frames.setFrameMax(frameMax);
  }

  @Override
  public Frame readFrame() throws IOException {
    return frames.readFrame();
  }

  @Override
  public void writeFrame(Frame frame) throws IOException {
    frames.writeFrame(frame);
  }

  @Override
  public void close() {
    frames.close();
  }

  @Override
  public InetAddress getLocalAddress() {
    return frames.getLocalAddress();
  }

  @Override
  public int getLocalPort() {
    return frames.getLocalPort();
  }

  @Override
  public InetAddress getAddress() {
    return frames.getAddress();
  }

  @Override
  public int getPort() {
    return frames.getPort();
  }
}
