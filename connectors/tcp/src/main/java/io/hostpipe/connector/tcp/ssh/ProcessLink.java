package io.hostpipe.connector.tcp.ssh;

import io.hostpipe.runtime.Link;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** A link over the standard input and output of a child process, which ends with it. */
final class ProcessLink implements Link {
  private static final int CHUNK_BYTES = 128 << 10;
  private static final long KILL_SECONDS = 1;

  private final Process process;
  private final InputStream in;
  private final OutputStream out;
  private final String peer;
  private final byte[] read = new byte[CHUNK_BYTES];
  private final byte[] written = new byte[CHUNK_BYTES];
  private final AtomicBoolean closed = new AtomicBoolean();

  ProcessLink(Process process, String peer) {
    this.process = process;
    this.in = process.getInputStream();
    this.out = process.getOutputStream();
    this.peer = peer;
  }

  @Override
  public long read(ByteBuffer[] targets) throws IOException {
    int room = 0;
    for (ByteBuffer target : targets) {
      room += Math.min(target.remaining(), CHUNK_BYTES - room);
    }
    int readBytes = in.read(read, 0, room);
    int from = 0;
    for (int index = 0; index < targets.length && from < readBytes; index++) {
      int part = Math.min(targets[index].remaining(), readBytes - from);
      targets[index].put(read, from, part);
      from += part;
    }
    return readBytes;
  }

  @Override
  public void write(ByteBuffer[] buffers, int count) throws IOException {
    int filled = 0;
    for (int index = 0; index < count; index++) {
      ByteBuffer buffer = buffers[index];
      while (buffer.hasRemaining()) {
        int part = Math.min(buffer.remaining(), CHUNK_BYTES - filled);
        buffer.get(written, filled, part);
        filled += part;
        if (filled == CHUNK_BYTES) {
          out.write(written, 0, filled);
          filled = 0;
        }
      }
    }
    out.write(written, 0, filled);
    out.flush();
  }

  @Override
  public void shutdownOutput() throws IOException {
    out.close();
  }

  /** What the process has ended with; -1 while it runs, or is on its way to the end for long. */
  int exitCode() {
    try {
      return process.waitFor(KILL_SECONDS, TimeUnit.SECONDS) ? process.exitValue() : -1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return -1;
    }
  }

  @Override
  public String peer() {
    return peer;
  }

  @Override
  public String plainScheme() {
    return "exec";
  }

  /**
   * Ends the process: by the end of its input first, so that it still passes on what was written;
   * then by force. Whoever reads its output meets the end of it.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    UnusedProcesses.closed(process);
    Thread.ofVirtual()
        .name("hostpipe-ssh-closer")
        .start(() -> {
          try {
            out.close();
          } catch (IOException e) {
            process.destroy();
          }
        });
    var _ =
        process
            .onExit()
            .orTimeout(KILL_SECONDS, TimeUnit.SECONDS)
            .exceptionally(late -> process.destroyForcibly());
  }
}
