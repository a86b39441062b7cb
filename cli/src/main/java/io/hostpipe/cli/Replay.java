package io.hostpipe.cli;

import io.hostpipe.DeadLetter;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.spi.Letterbox;
import io.hostpipe.spi.PipeContext;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/**
 * Delivers messages that were put aside: each is taken out once its delivery is committed, in the
 * order in which they lie there. What is refused again stays.
 *
 * <p>Thread rule: one thread, once.
 */
final class Replay {
  /** So many refusals are told one by one. */
  private static final int TOLD_MAX = 20;

  private final Letterbox box;
  private final End from;
  private final PipeContext context;
  private final Flags flags;
  private final Catalog catalog;
  private final Console console;
  private final Map<String, Delivery> deliveries = new LinkedHashMap<>();
  private final Set<Long> found = new HashSet<>();
  private long refusedCount;

  Replay(
      Letterbox box, End from, PipeContext context, Flags flags, Catalog catalog, Console console) {
    this.box = box;
    this.from = from;
    this.context = context;
    this.flags = flags;
    this.catalog = catalog;
    this.console = console;
  }

  /**
   * Delivers them.
   *
   * @param wanted their numbers; null for all
   */
  ExitCode run(@Nullable SortedSet<Long> wanted) throws PipeException, InterruptedException {
    try {
      box.forEach((number, payload, headers) -> {
        if (wanted == null || wanted.contains(number)) {
          found.add(number);
          delivery(number, headers).deliver(number, payload, DeadLetter.original(headers));
        }
        return wanted == null || number < wanted.last();
      });
      for (Delivery each : deliveries.values()) {
        each.finish();
      }
    } finally {
      deliveries.values().forEach(Delivery::close);
    }
    for (long number : wanted == null ? Set.<Long>of() : wanted) {
      if (!found.contains(number)) {
        throw DlqCommand.missing(number, from);
      }
    }
    return tell();
  }

  private ExitCode tell() {
    deliveries.values().forEach(each -> console.say(each.summary()));
    if (deliveries.isEmpty()) {
      console.say("there are no messages at " + from);
    }
    if (refusedCount > 0) {
      console.say(
          DlqCommand.count(refusedCount)
              + (refusedCount == 1
                  ? " was refused again and stays in "
                  : " were refused again and stay in ")
              + from);
      return ExitCode.REJECTED;
    }
    return ExitCode.OK;
  }

  private Delivery delivery(long number, Headers headers)
      throws PipeException, InterruptedException {
    String address = flags.dlq().to();
    if (address == null) {
      DeadLetter about = DeadLetter.of(headers);
      if (about == null) {
        throw new PipeException.Config(
            "message " + number + " does not say where it should have gone: add --to ADDR");
      }
      address = about.address();
      if (address.contains("***")) {
        throw new PipeException.Config(
            "message "
                + number
                + " should have gone to "
                + address
                + ", and secrets are not kept with a message: give the whole address with --to");
      }
    }
    Delivery known = deliveries.get(address);
    if (known == null) {
      End to = End.alone("--to", address, catalog, console).appending();
      if (to.place().equals(from.place())) {
        throw new PipeException.Config(
            "the messages at " + from + " would be delivered to where they lie: add --to ADDR");
      }
      known = Delivery.open(this, to, from, context, flags.frames());
      deliveries.put(address, known);
    }
    return known;
  }

  /** It has arrived for good. */
  void delivered(long number) throws PipeException, InterruptedException {
    box.remove(number);
  }

  /** It stays. */
  void refused(long number, End to, Rejection why) {
    refusedCount++;
    if (refusedCount <= TOLD_MAX) {
      console.say(
          "message " + number + " is refused by " + to + ": " + why.status() + ": " + why.reason());
    }
  }
}
