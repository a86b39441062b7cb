package io.hostpipe.runtime.socket;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * Where a unix socket is, as an address says it: all of {@code unix:///run/x.sock} behind the
 * second slash, or {@code unix://./x.sock} below the current folder.
 */
public final class UnixPath {
  private UnixPath() {}

  /**
   * The path of the socket.
   *
   * @throws PipeException.Config when it is none
   */
  public static Path of(Address address) throws PipeException {
    String folder = address.host();
    if (address.port() >= 0 || address.userInfo() != null || !isFolder(folder)) {
      throw new PipeException.Config(
          address
              + ": the path of a socket begins with /, ./ or ../, as in "
              + address.scheme()
              + ":///run/x.sock or "
              + address.scheme()
              + "://./x.sock");
    }
    if (address.path().isEmpty() || address.path().endsWith("/")) {
      throw new PipeException.Config(
          address + ": which socket? as in " + address.scheme() + ":///run/x.sock");
    }
    try {
      return Path.of(folder + "/" + address.path());
    } catch (InvalidPathException e) {
      throw new PipeException.Config(address + ": not a path");
    }
  }

  private static boolean isFolder(String host) {
    return host.isEmpty() || host.equals(".") || host.equals("..");
  }
}
