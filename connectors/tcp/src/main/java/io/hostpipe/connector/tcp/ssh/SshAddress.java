package io.hostpipe.connector.tcp.ssh;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an {@code ssh} address asks for.
 *
 * @param shown the address for messages
 * @param host as ssh knows it: a name, an address, or an alias of its configuration
 * @param user null for ssh's own choice
 * @param port -1 for ssh's own choice
 * @param name of the pipe
 * @param program ssh itself
 * @param config ssh's configuration file; null for its own choice
 * @param identity the file of a key; null for ssh's own choice
 * @param hostpipe the far command; null to look for it there
 * @param far what the far hostpipe is to open by itself; null when one listens there already
 * @param farIsSource whether that is read from
 */
record SshAddress(
    String shown,
    String host,
    @Nullable String user,
    int port,
    String name,
    String program,
    @Nullable String config,
    @Nullable String identity,
    @Nullable String hostpipe,
    @Nullable String far,
    boolean farIsSource) {
  static final String TO = "to";
  static final String FROM = "from";
  private static final String SHELL_CHARACTERS = "'\"`$\\;&<>|(){}";

  static SshAddress of(Address address) throws PipeException {
    String user = address.userInfo();
    if (user != null && user.indexOf(':') >= 0) {
      throw new PipeException.Config(
          address + ": ssh takes no password from an address; use a key, or let ssh ask");
    }
    checkWord(address, "the host", address.host());
    if (user != null) {
      checkWord(address, "the user", user);
    }
    if (address.port() == 0) {
      throw new PipeException.Config(address + ": nobody can be dialed at port 0; name the port");
    }
    String to = address.option(TO);
    String from = address.option(FROM);
    if (to != null && from != null) {
      throw new PipeException.Config(
          address + ": bytes go to a far end or come from one; say 'to' or 'from'");
    }
    return new SshAddress(
        address.toString(),
        address.host(),
        user,
        address.port(),
        address.path(),
        address.option("ssh") == null ? "ssh" : address.option("ssh"),
        address.option("config"),
        address.option("identity"),
        address.option("hostpipe"),
        to == null ? from : to,
        from != null);
  }

  /** Whom ssh dials, for people. */
  String peer() {
    return (user == null ? "" : user + "@") + host + (port < 0 ? "" : ":" + port);
  }

  /**
   * The command line that runs these words of the far hostpipe.
   *
   * @param asks whether ssh may ask the person at the terminal for passwords
   */
  List<String> command(boolean asks, String... words) {
    List<String> command = new ArrayList<>();
    command.add(program);
    command.addAll(List.of("-T", "-e", "none", "-o", "ConnectTimeout=10"));
    command.addAll(List.of("-o", "ClearAllForwardings=yes"));
    if (!asks) {
      command.addAll(List.of("-o", "BatchMode=yes"));
    }
    if (port >= 0) {
      command.addAll(List.of("-p", String.valueOf(port)));
    }
    if (user != null) {
      command.addAll(List.of("-l", user));
    }
    if (config != null) {
      command.addAll(List.of("-F", config));
    }
    if (identity != null) {
      command.addAll(List.of("-i", identity));
    }
    command.addAll(List.of("--", host, FarCommand.of(hostpipe, words)));
    return command;
  }

  /**
   * What begins with a dash would be an option of ssh, and some of those run programs; what a shell
   * reads as more than a word may stand in the user's own {@code ProxyCommand}, which a shell runs.
   */
  private static void checkWord(Address address, String what, String word) throws PipeException {
    if (word.isEmpty()) {
      throw new PipeException.Config(
          address + ": whom to dial? as in ssh://user@host/name, with " + what);
    }
    if (word.startsWith("-")
        || word.chars().anyMatch(c -> c <= ' ' || c == 0x7F || SHELL_CHARACTERS.indexOf(c) >= 0)) {
      throw new PipeException.Config(address + ": " + what + " is none that ssh can be given");
    }
  }
}
