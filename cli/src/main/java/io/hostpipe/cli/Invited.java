package io.hostpipe.cli;

import io.hostpipe.runtime.tls.Invitation;
import org.jspecify.annotations.Nullable;

/**
 * The line for the other host. A token in it stands before the command, as a variable of the
 * environment, so that it is in no list of processes; and it is shown to a person alone, for what
 * is not a terminal may be a log that others read.
 */
final class Invited {
  private Invited() {}

  /** Says it; in two lines where the token cannot be shown. */
  static void say(Console console, String command, @Nullable String token, boolean toPerson) {
    if (token == null) {
      console.say("on the other host: " + command);
    } else if (toPerson) {
      console.say("on the other host: " + Invitation.VARIABLE + "=" + token + " " + command);
    } else {
      console.say("on the other host: " + Invitation.VARIABLE + "=… " + command);
      console.say("'hostpipe key token' on this host prints the token, which no log shall hold");
    }
  }
}
