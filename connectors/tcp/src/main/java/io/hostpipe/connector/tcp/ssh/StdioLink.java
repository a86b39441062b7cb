package io.hostpipe.connector.tcp.ssh;

import io.hostpipe.runtime.Link;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** A link over this process's own standard input and output. */
final class StdioLink implements Link {
  private final FileChannel in;
  private final FileChannel out;

  private StdioLink(FileChannel in, FileChannel out) {
    this.in = in;
    this.out = out;
  }

  /** The one of this process; there cannot be two. */
  @SuppressWarnings("resource") // the descriptors are the process's
  static StdioLink open() {
    return new StdioLink(
        new FileInputStream(FileDescriptor.in).getChannel(),
        new FileOutputStream(FileDescriptor.out).getChannel());
  }

  @Override
  public long read(ByteBuffer[] targets) throws IOException {
    return targets.length == 1 ? in.read(targets[0]) : in.read(targets);
  }

  @Override
  public void write(ByteBuffer[] buffers, int count) throws IOException {
    ByteBuffer last = buffers[count - 1];
    while (last.hasRemaining()) {
      if (out.write(buffers, 0, count) < 0) {
        throw new EOFException("standard output is closed");
      }
    }
  }

  @Override
  public void shutdownOutput() throws IOException {
    out.close();
  }

  /** Whoever writes to standard input learns that nobody reads it any more. */
  void stopReading() {
    closeQuietly(in);
  }

  @Override
  public String peer() {
    return "ssh";
  }

  @Override
  public String plainScheme() {
    return "exec";
  }

  @Override
  public void close() {
    closeQuietly(in);
    closeQuietly(out);
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // The descriptor is released in any case.
    }
  }
}
