package io.hostpipe.connector.tcp.ssh;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import io.hostpipe.runtime.AccessOptions.Carrier;
import io.hostpipe.runtime.SessionEnds;
import io.hostpipe.runtime.SessionOptions;
import io.hostpipe.runtime.SessionPlaces;
import io.hostpipe.runtime.Sessions;
import io.hostpipe.runtime.socket.UnixLinkListener;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.PipeContext;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/**
 * {@code ssh} logs in and talks to a hostpipe there; {@code ssh-listen} is the one that waits: the
 * session protocol over the standard input and output of ssh, with no port and no keys of ours.
 */
public final class SshConnector implements Connector {
  private static final String DIALS = "ssh";
  static final String LISTENS = "ssh-listen";

  private static final int ID_BYTES = 9;

  private static final SecureRandom RANDOM = new SecureRandom();

  private static final OptionSpec STDIO =
      OptionSpec.flag("stdio", "the first link is standard input and output: what ssh-serve does");

  private static final List<OptionSpec> DIAL_OPTIONS =
      SessionEnds.dialOptions(
          OptionSpec.value(
              SshAddress.TO, "ADDR", null, "what the hostpipe there opens by itself, to write to"),
          OptionSpec.value(
              SshAddress.FROM,
              "ADDR",
              null,
              "what the hostpipe there opens by itself, to read from"),
          OptionSpec.value("hostpipe", "PATH", null, "the command there (looked for)"),
          OptionSpec.value("identity", "FILE", null, "the key, as ssh -i"),
          OptionSpec.value("config", "FILE", null, "ssh's configuration, as ssh -F"),
          OptionSpec.value("ssh", "PROGRAM", "ssh", "ssh itself"));

  private static final List<OptionSpec> LISTEN_OPTIONS = SessionEnds.listenOptions(STDIO);

  private static final SessionPlaces PLACES = new SessionPlaces();

  @Override
  public Set<String> schemes() {
    return Set.of(DIALS, LISTENS);
  }

  @Override
  public Kind kind(String scheme) {
    return scheme.equals(DIALS) ? Kind.CONNECTS : Kind.LISTENS;
  }

  @Override
  public Carriage carriage(String scheme) {
    return Carriage.ENCRYPTED;
  }

  @Override
  public String help(String scheme) {
    return scheme.equals(DIALS)
        ? "ssh://USER@HOST/NAME logs in, and reaches what waits there for NAME, or opens to=ADDR"
        : "ssh-listen:///NAME waits for a Hostpipe that comes by ssh, as this user";
  }

  @Override
  public Capabilities capabilities(Address address) {
    return SessionEnds.CAPABILITIES;
  }

  @Override
  public List<OptionSpec> options(String scheme) {
    return scheme.equals(DIALS) ? DIAL_OPTIONS : LISTEN_OPTIONS;
  }

  @Override
  public Pipe connect(Address address, PipeContext context) throws PipeException {
    SessionOptions options = SessionEnds.options(address, DIAL_OPTIONS, Carrier.SSH);
    SshAddress ssh = SshAddress.of(address);
    String name = ssh.far() == null ? ssh.name() : farId(ssh, context);
    return Sessions.connect(name, address.toString(), new SshDialer(ssh, name), context, options);
  }

  @Override
  public Listener listen(Address address, PipeContext context) throws PipeException {
    SessionOptions options = SessionEnds.options(address, LISTEN_OPTIONS, Carrier.SSH);
    Path socket = socket(address);
    String name = address.path();
    int backlog = SessionEnds.backlog(address);
    boolean withStdio = address.option(STDIO.name()) != null;
    return PLACES.listen(
        address,
        name,
        socket,
        port -> socket,
        () ->
            SshLinkListener.bind(
                socket, withStdio, SessionEnds.queueLength(backlog), address.toString()),
        backlog,
        context,
        options);
  }

  @Override
  public String check(Address address, boolean asSource) throws PipeException {
    SessionEnds.options(address, options(address.scheme()), Carrier.SSH);
    if (address.scheme().equals(LISTENS)) {
      return UnixLinkListener.check(socket(address), address.toString());
    }
    try {
      SshAddress ssh = SshAddress.of(address);
      return new SshDialer(ssh, ssh.name()).probe();
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      throw new PipeException.Unreachable(address + ": " + e.getMessage(), e);
    }
  }

  private static Path socket(Address address) throws PipeException {
    if (!address.host().isEmpty() || address.port() >= 0 || address.userInfo() != null) {
      throw new PipeException.Config(
          address + ": it waits on this host, and ssh knows the way: ssh-listen:///NAME");
    }
    return SshFolder.socket(address.path(), address.toString());
  }

  /**
   * Tells the far process of this pipe from all others. A stream with a name finds the one that the
   * same command has started before.
   */
  private static String farId(SshAddress address, PipeContext context) {
    StreamId stream = context.stream();
    if (stream != null) {
      return SshFolder.hash(stream.value() + "\n" + address.far());
    }
    byte[] id = new byte[ID_BYTES];
    RANDOM.nextBytes(id);
    return HexFormat.of().formatHex(id);
  }
}
