package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.spi.BrokerOptions;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One of the servers that an address names. */
record Server(String host, int port) {
  /** Who comes to it. */
  record Login(String user, String password) {}

  /**
   * The host of an address, and those that its options add. Who comes to them is looked at here,
   * too: before anything is dialed.
   *
   * @param example of an address with a host
   */
  static List<Server> of(Address address, int standardPort, String example) throws PipeException {
    if (address.host().isEmpty()) {
      throw new PipeException.Config(address + " has no host; write it as in " + example);
    }
    var _ = login(address);
    List<Server> servers = new ArrayList<>();
    servers.add(new Server(address.host(), address.port() < 0 ? standardPort : address.port()));
    for (String more : BrokerOptions.servers(address)) {
      int colon = more.endsWith("]") ? -1 : more.lastIndexOf(':');
      String host = colon < 0 ? more : more.substring(0, colon);
      int port = colon < 0 ? standardPort : Integer.parseInt(more, colon + 1, more.length(), 10);
      servers.add(
          new Server(host.startsWith("[") ? host.substring(1, host.length() - 1) : host, port));
    }
    return List.copyOf(servers);
  }

  /** The user of an address, and its password; null when it names none. */
  static @Nullable Login login(Address address) throws PipeException {
    String userInfo = address.userInfo();
    if (userInfo == null) {
      return null;
    }
    int colon = userInfo.indexOf(':');
    if (colon < 0) {
      throw new PipeException.Config(
          address + ": a user has a password; write it as user:password@host");
    }
    return new Login(
        BrokerOptions.plain(address, userInfo.substring(0, colon)),
        BrokerOptions.plain(address, userInfo.substring(colon + 1)));
  }
}
