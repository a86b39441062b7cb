package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.testkit.servers.RabbitServer;
import io.hostpipe.testkit.tls.TestAuthority;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;

/** A server that encrypts, shows who it is, and asks who comes; with a user of a password. */
final class EncryptingServer implements AutoCloseable {
  static final String PASSWORD = "hidden-word";

  private static final String HOST = "127.0.0.1";

  private final RabbitServer server;
  private final int port;
  private final TestAuthority authority;
  private final Path own;

  private EncryptingServer(RabbitServer server, int port, TestAuthority authority, Path own) {
    this.server = server;
    this.port = port;
    this.authority = authority;
    this.own = own;
  }

  /**
   * Starts one.
   *
   * @param listeners the setting with the listeners that encrypt
   */
  static EncryptingServer start(Path folder, String listeners) throws Exception {
    TestAuthority authority =
        new TestAuthority(Files.createDirectory(folder.resolve("keys")), "authority");
    Path shown = authority.issue("server", HOST).file();
    Path own = authority.issue("client", "client.example").file();
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    RabbitServer server =
        RabbitServer.start(
            Files.createDirectory(folder.resolve("server")),
            listeners + ".1 = " + HOST + ":" + port,
            "ssl_options.cacertfile = " + authority.file(),
            "ssl_options.certfile = " + shown,
            "ssl_options.keyfile = " + shown,
            "ssl_options.verify = verify_peer",
            "ssl_options.fail_if_no_peer_cert = true");
    server.administer("add_user", "alice", PASSWORD);
    server.administer("set_permissions", "alice", ".*", ".*", ".*");
    return new EncryptingServer(server, port, authority, own);
  }

  /** The same server, which takes connections without encryption as well. */
  RabbitServer server() {
    return server;
  }

  /** Who vouches for it. */
  Path authorityFile() {
    return authority.file();
  }

  /** The options of a client that shows a certificate, and trusts this authority. */
  String showing(Path certificate) {
    return "ca=" + authority.file() + "&cert=" + certificate;
  }

  /** The certificate of a client that it lets in. */
  Path own() {
    return own;
  }

  /** The options of a client that it lets in. */
  String trusting() {
    return showing(own);
  }

  /** An address over TLS, of a user who is let in. */
  Address address(String scheme, String name, String query) throws PipeException {
    return address(scheme, PASSWORD, HOST, name, query);
  }

  /** The same with another password, or another name for its host. */
  Address address(String scheme, String password, String host, String name, String query)
      throws PipeException {
    return Address.parse(
        scheme + "://alice:" + password + "@" + host + ":" + port + "/" + name + "?" + query);
  }

  @Override
  public void close() {
    server.close();
  }
}
