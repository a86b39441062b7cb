package io.hostpipe.connector.tcp.ssh;

import io.hostpipe.PipeException;
import io.hostpipe.runtime.Link;
import io.hostpipe.runtime.LinkListener;
import io.hostpipe.runtime.socket.UnixLinkListener;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Takes links that ssh brings: from the socket of a name, and first from our own stdio. */
final class SshLinkListener implements LinkListener {
  private final UnixLinkListener socket;
  private @Nullable StdioLink first;

  private SshLinkListener(UnixLinkListener socket, @Nullable StdioLink first) {
    this.socket = socket;
    this.first = first;
  }

  /**
   * Listens at this socket.
   *
   * @param withStdio whether the first link is this process's standard input and output
   */
  static SshLinkListener bind(Path path, boolean withStdio, int queueLength, String shown)
      throws PipeException {
    UnixLinkListener socket = UnixLinkListener.bind(path, queueLength, shown);
    return new SshLinkListener(socket, withStdio ? StdioLink.open() : null);
  }

  @Override
  public Link accept() throws IOException {
    StdioLink mine = first;
    if (mine == null) {
      return socket.accept();
    }
    first = null;
    ByteBuffer ready = Ready.bytes();
    mine.write(new ByteBuffer[] {ready}, 1);
    return mine;
  }

  @Override
  public int port() {
    return -1;
  }

  @Override
  public String place() {
    return socket.place();
  }

  @Override
  public void close() {
    socket.close();
  }
}
