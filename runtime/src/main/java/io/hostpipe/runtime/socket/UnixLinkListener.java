package io.hostpipe.runtime.socket;

import io.hostpipe.PipeException;
import io.hostpipe.runtime.LinkListener;
import java.io.IOException;
import java.nio.file.Path;

/** Takes connections on the unix socket at one path. */
public final class UnixLinkListener implements LinkListener {
  private final UnixSocketFile file;

  private UnixLinkListener(UnixSocketFile file) {
    this.file = file;
  }

  /**
   * Makes the socket, which its own user alone may connect to, and listens.
   *
   * @param queueLength how many connections may wait in the kernel
   * @param shown the address for messages
   */
  public static UnixLinkListener bind(Path path, int queueLength, String shown)
      throws PipeException {
    return new UnixLinkListener(UnixSocketFile.create(path, queueLength, shown));
  }

  /**
   * Looks whether {@link #bind} would work, and changes nothing.
   *
   * @return one line on what was found
   */
  public static String check(Path path, String shown) throws PipeException {
    return UnixSocketFile.check(path, shown);
  }

  @Override
  public SocketLink accept() throws IOException {
    return SocketLink.ofUnix(file.channel().accept(), file.path().toString());
  }

  /** There are no ports here. */
  @Override
  public int port() {
    return -1;
  }

  @Override
  public String place() {
    return file.path().toString();
  }

  @Override
  public void close() {
    file.close();
  }
}
