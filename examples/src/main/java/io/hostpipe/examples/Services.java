package io.hostpipe.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.hostpipe.Hostpipe;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import java.io.IOException;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Section 4.2: one stream of events, and services that know nothing of each other. Each has a
 * consumer of its own ({@code durable=NAME}), whose place the server keeps: one that was away goes
 * on where it was, and one that joins later gets everything from the beginning.
 */
public final class Services {
  private Services() {}

  /** Publishes events; returns when the server has stored all of them. */
  static void publish(String subject, Stream<String> events)
      throws IOException, InterruptedException {
    try (Pipe pipe = Hostpipe.writer(subject + "?jetstream", "events")) {
      for (String event : (Iterable<String>) events::iterator) {
        pipe.send(event.getBytes(UTF_8));
      }
      pipe.sink().finish();
    }
  }

  /**
   * Hands the next events to a service.
   *
   * @param name of the service: several processes under one name share its events
   */
  static void serve(String subject, String name, int count, Consumer<String> service)
      throws IOException, InterruptedException {
    try (Pipe pipe = Hostpipe.reader(subject + "?jetstream&durable=" + name)) {
      int served = 0;
      for (Message event : pipe.messages()) {
        service.accept(event.text());
        event.commit();
        if (++served == count) {
          return;
        }
      }
    }
  }
}
