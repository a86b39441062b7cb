package io.hostpipe.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.hostpipe.DeadLetter;
import io.hostpipe.Hostpipe;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.Refused;
import java.io.IOException;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * Section 4.4: what the broker itself refuses does not stop the rest. It is kept in another place
 * first, with the reason; where there is no room for a message, it is tried five times before that.
 */
public final class PutAside {
  private PutAside() {}

  /** Sends messages; returns when each is in the one place or in the other. */
  static void send(String place, String refused, List<String> messages)
      throws IOException, InterruptedException {
    try (Pipe pipe = Hostpipe.writer(place, "orders", Refused.into(refused).afterAttempts(5))) {
      for (String message : messages) {
        pipe.send(message.getBytes(UTF_8));
      }
      pipe.sink().finish();
    }
  }

  /** Looks at what was refused, and why. */
  static void look(String refused, BiConsumer<Message, DeadLetter> told)
      throws IOException, InterruptedException {
    try (Pipe pipe = Hostpipe.reader(refused)) {
      for (Message message : pipe.messages()) {
        DeadLetter letter = DeadLetter.of(message.headers());
        if (letter != null) {
          told.accept(message, letter);
        }
        message.commit();
      }
    }
  }
}
