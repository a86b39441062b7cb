package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.tls.Fingerprint;
import io.hostpipe.runtime.tls.Identity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * {@code hostpipe key}: who this host is to its peers over TLS. What scripts want goes to stdout:
 * the fingerprint alone, the certificate, or a token.
 */
final class KeyCommand {
  static final List<String> WORDS = List.of("cert", "of", "token");

  private KeyCommand() {}

  static ExitCode run(Invocation invocation, Console console) throws PipeException {
    List<String> words = invocation.words();
    String word = words.isEmpty() ? "" : words.getFirst();
    try {
      switch (word) {
        case "" -> show(console);
        case "cert" -> {
          SessionCommand.checkCount(invocation, 1);
          console.answer(own(console).certificateText());
        }
        case "of" -> {
          if (words.size() != 2) {
            throw new PipeException.Config(
                "'of' takes one file of certificates behind it: " + invocation.command().usage());
          }
          console.answer(Fingerprint.ofFile(Path.of(words.getLast())) + "\n");
        }
        case "token" -> TokenCommand.run(words.subList(1, words.size()), console);
        default -> throw SessionCommand.unknown(invocation, word, WORDS);
      }
      return ExitCode.OK;
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION, String.valueOf(e.getMessage()), e);
    }
  }

  private static void show(Console console) throws IOException, PipeException {
    Identity identity = own(console);
    console.say("this host is known by the key in " + Identity.file() + "; a peer says peer=");
    console.answer(identity.fingerprint() + "\n");
  }

  /** Made, where there was none. */
  private static Identity own(Console console) throws IOException {
    Path file = Identity.file();
    boolean known = Files.exists(file);
    Identity identity = Identity.ofHost(file);
    if (!known) {
      console.say("made a key for this host: " + file);
    }
    return identity;
  }
}
