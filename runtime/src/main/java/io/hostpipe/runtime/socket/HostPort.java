package io.hostpipe.runtime.socket;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.Comparator;

/** The host and the port of an address, as sockets want them. */
public final class HostPort {
  private static final int PORT_DEFAULT = 9000;

  private HostPort() {}

  /** Whom to dial. */
  public static void checkDialed(Address address) throws PipeException {
    if (address.host().isEmpty()) {
      throw new PipeException.Config(
          address
              + ": whom to dial? as in "
              + address.scheme()
              + "://host:"
              + PORT_DEFAULT
              + "/name");
    }
    if (address.port() == 0) {
      throw new PipeException.Config(address + ": nobody can be dialed at port 0; name the port");
    }
  }

  public static int port(Address address) {
    return address.port() < 0 ? PORT_DEFAULT : address.port();
  }

  /** Where to listen: everywhere, when no host is named. */
  public static InetSocketAddress bind(Address address) throws PipeException {
    InetSocketAddress bind =
        address.host().isEmpty()
            ? new InetSocketAddress(port(address))
            : new InetSocketAddress(address.host(), port(address));
    if (bind.isUnresolved()) {
      throw new PipeException.Config(address + ": no such host: " + address.host());
    }
    return bind;
  }

  /**
   * Under which host others reach what is bound there: the host itself, or one address of this
   * machine when it is bound to all. An address rather than a name, which others may not know.
   */
  public static String reachable(InetSocketAddress bind) {
    InetAddress host = bind.getAddress();
    if (host.isAnyLocalAddress()) {
      host = ownAddress();
    }
    String text = host.getHostAddress();
    int zone = text.indexOf('%');
    String shown = zone < 0 ? text : text.substring(0, zone);
    return shown.indexOf(':') >= 0 ? "[" + shown + "]" : shown;
  }

  private static InetAddress ownAddress() {
    try {
      return NetworkInterface.networkInterfaces()
          .filter(HostPort::isUp)
          .sorted(Comparator.comparingInt(NetworkInterface::getIndex))
          .flatMap(NetworkInterface::inetAddresses)
          .filter(each -> !each.isLoopbackAddress() && !each.isLinkLocalAddress())
          .min(Comparator.comparingInt(each -> each instanceof Inet4Address ? 0 : 1))
          .orElseGet(InetAddress::getLoopbackAddress);
    } catch (SocketException e) {
      return InetAddress.getLoopbackAddress();
    }
  }

  private static boolean isUp(NetworkInterface network) {
    try {
      return network.isUp() && !network.isLoopback();
    } catch (SocketException e) {
      return false;
    }
  }
}
