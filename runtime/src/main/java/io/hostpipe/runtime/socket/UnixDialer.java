package io.hostpipe.runtime.socket;

import io.hostpipe.runtime.Dialer;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** Connects to the unix socket at one path. */
public final class UnixDialer implements Dialer {
  private final Path path;

  /** A dialer of the socket there. */
  public UnixDialer(Path path) {
    this.path = path;
  }

  @Override
  public SocketLink dial() throws IOException {
    try {
      return SocketLink.ofUnix(
          SocketChannel.open(UnixDomainSocketAddress.of(path)), path.toString());
    } catch (IOException e) {
      // The system's words do not tell a socket that is not there from one that nobody serves.
      if (!Files.exists(path)) {
        throw new ConnectException("there is no socket");
      }
      throw e;
    }
  }

  @Override
  public Object peerKey() {
    return "unix " + path.toAbsolutePath();
  }

  @Override
  public String peer() {
    return path.toString();
  }
}
