package io.hostpipe.cli;

import io.hostpipe.Address;
import io.hostpipe.DeadLetter;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.spi.Letterbox;
import io.hostpipe.spi.PipeContext;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
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

  /** What touches this host itself. */
  private static final Set<String> HERE =
      Set.of(Address.FILE, Address.STDIO, Address.EXEC, Address.TAIL);

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
    boolean whole = false;
    try {
      box.forEach((number, payload, headers) -> {
        if (wanted == null || wanted.contains(number)) {
          found.add(number);
          delivery(number, headers).deliver(number, payload, headers);
        }
        return wanted == null || found.size() < wanted.size();
      });
      for (Delivery each : deliveries.values()) {
        each.finish();
      }
      whole = true;
    } finally {
      if (!whole) {
        deliveries.values().forEach(Delivery::salvage);
        deliveries.values().forEach(each -> console.say(each.summary()));
      }
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
      checkNamed(number, address);
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

  /**
   * An address that a message names is not one that the user has written: at a broker anybody may
   * have put it there.
   */
  private void checkNamed(long number, String address) throws PipeException {
    boolean own = from.address().scheme().equals(Address.FILE);
    boolean harmless = Address.looksLikeOne(address);
    if (harmless) {
      Address named = Address.parse(address);
      if (HERE.contains(named.scheme())) {
        harmless = own && named.scheme().equals(Address.FILE);
      } else {
        // The value of an option may name a file here that holds a secret.
        harmless = own || named.options().values().stream().allMatch("true"::equals);
      }
    }
    if (!harmless) {
      throw new PipeException.Config(
          "message "
              + number
              + " should have gone to "
              + Console.printable(address)
              + ", and that is not opened because a message says so: if it is right, say it with"
              + " --to ADDR");
    }
  }

  /** They have arrived for good. */
  void delivered(List<Long> numbers) throws PipeException, InterruptedException {
    box.removeAll(numbers);
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
