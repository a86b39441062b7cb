package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.runtime.access.Token;
import io.hostpipe.runtime.access.TokenFile;
import io.hostpipe.runtime.tls.HostToken;
import io.hostpipe.runtime.tls.Invitation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code hostpipe key token}: shows the token of this host; {@code hostpipe key token NAME}: makes
 * another. Its secret goes to standard output and nowhere else, so that it can be carried to the
 * other host through a pipe.
 */
final class TokenCommand {
  private static final String FILE = "tokens=";
  private static final String USAGE =
      "hostpipe key token NAME [tokens=FILE] [read] [write] [pipes=NAME,…] [expires=DAY]"
          + " [pipes-max=N] [bytes-max=SIZE] [rate=SIZE/s] [replace]";

  private TokenCommand() {}

  /** Runs it on what stands behind {@code key token}. */
  static void run(List<String> words, Console console) throws PipeException {
    if (words.isEmpty()) {
      console.answer(HostToken.ofHost(HostToken.file()).secret() + "\n");
      console.say(
          "that is the token of this host, in "
              + HostToken.file()
              + ": what tls-listen, wss-listen and grpcs-listen ask for where nothing else says who"
              + " may come; who dials says token=env:"
              + Invitation.VARIABLE);
      return;
    }
    if (!Token.isName(words.getFirst())) {
      throw new PipeException.Config(
          "a token needs a name of letters, digits, '.', '_', '@' and '-': " + USAGE);
    }
    String name = words.getFirst();
    Path file = null;
    boolean replaces = false;
    List<String> rights = new ArrayList<>();
    for (String word : words.subList(1, words.size())) {
      if (word.startsWith(FILE)) {
        file = Path.of(word.substring(FILE.length()));
      } else if (word.equals("replace")) {
        replaces = true;
      } else {
        rights.add(word);
      }
    }
    String token = name + ":" + Token.newSecret();
    String line = String.join(" ", prepended(token, rights));
    Token made = Token.parse(line, USAGE);
    if (file == null) {
      console.answer(line + "\n");
      console.say(
          "that line belongs into the file that the listener names with tokens= (mode 0600); who"
              + " dials needs NAME:SECRET alone, in a file of mode 0600 for token=@FILE");
      return;
    }
    TokenFile.add(file, line, replaces);
    console.answer(token + "\n");
    console.say(
        made
            + " is in "
            + file
            + ", for tokens="
            + file
            + "; what stands on standard output is for who dials: token=@FILE, mode 0600");
  }

  private static List<String> prepended(String first, List<String> rest) {
    List<String> all = new ArrayList<>(rest);
    all.addFirst(first);
    return all;
  }
}
