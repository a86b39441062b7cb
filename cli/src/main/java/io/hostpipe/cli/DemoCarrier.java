package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.runtime.fault.FaultProxy;
import io.hostpipe.runtime.tls.Identity;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What carries the pipe of the demo: how its two ends are written, with the proxy in between. */
enum DemoCarrier {
  TCP,
  TLS,
  UNIX,
  WS,
  WSS,
  GRPC,
  GRPCS,
  SSH;

  /** Whoever comes by ssh finds it in the home of the user: no other demo has this name. */
  private static final String SSH_NAME = "demo-" + ProcessHandle.current().pid();

  private static final String LISTENS_HERE = "-listen://127.0.0.1:0/demo";

  /** The one of this name. */
  static DemoCarrier of(String name) throws PipeException {
    for (DemoCarrier each : values()) {
      if (each.scheme().equals(name)) {
        return each;
      }
    }
    throw new PipeException.Config(
        "over=" + name + " cannot be shown; there are over=" + names().replace("|", ", over="));
  }

  /** All of them, for the help. */
  static String names() {
    return Arrays.stream(values()).map(DemoCarrier::scheme).collect(Collectors.joining("|"));
  }

  /** The words of who listens; what it needs is made in this folder. */
  List<String> listens(Path folder) throws IOException {
    return switch (this) {
      case TCP, WS, GRPC -> List.of(scheme() + LISTENS_HERE);
      case TLS, WSS, GRPCS -> {
        Path key = identity(folder);
        Identity.ofHost(key);
        yield List.of(scheme() + LISTENS_HERE, "cert=" + key);
      }
      case UNIX -> List.of("unix-listen://" + folder.resolve("receiver.sock"), "name=demo");
      case SSH -> List.of("ssh-listen:///" + SSH_NAME);
    };
  }

  /** A proxy to the listener, which has taken this port; or to what stands before the listener. */
  FaultProxy proxy(Path folder, int port, DemoProcesses processes)
      throws IOException, InterruptedException {
    return switch (this) {
      case TCP, TLS, WS, WSS, GRPC, GRPCS ->
          FaultProxy.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      case UNIX ->
          FaultProxy.between(
              UnixDomainSocketAddress.of(folder.resolve("proxy.sock")),
              UnixDomainSocketAddress.of(folder.resolve("receiver.sock")));
      case SSH -> FaultProxy.to(DemoSshd.start(folder, processes));
    };
  }

  /** The words of who dials the proxy. */
  List<String> dials(Path folder, SocketAddress proxy) throws IOException {
    return switch (this) {
      case TCP, WS, GRPC -> List.of(scheme() + "://" + hostPort(proxy) + "/demo");
      case TLS, WSS, GRPCS ->
          List.of(
              scheme() + "://" + hostPort(proxy) + "/demo",
              "peer=" + Identity.ofHost(identity(folder)).fingerprint());
      case UNIX -> List.of("unix://" + proxy, "name=demo");
      case SSH ->
          List.of(
              "ssh://" + hostPort(proxy) + "/" + SSH_NAME,
              "config=" + DemoSshd.config(folder),
              "hostpipe=" + DemoSshd.hostpipe(folder));
    };
  }

  private String scheme() {
    return name().toLowerCase(Locale.ROOT);
  }

  private static Path identity(Path folder) {
    return folder.resolve("identity.pem");
  }

  private static String hostPort(SocketAddress address) {
    InetSocketAddress inet = (InetSocketAddress) address;
    return inet.getAddress().getHostAddress() + ":" + inet.getPort();
  }
}
