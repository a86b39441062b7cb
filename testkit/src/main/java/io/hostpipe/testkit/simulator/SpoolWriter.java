package io.hostpipe.testkit.simulator;

import io.hostpipe.session.Inbound;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Writes what one process receives into its spool, syncs it, and only then says that it is safe.
 */
final class SpoolWriter {
  private final VirtualProcess process;
  private final Scenario.Stream stream;
  private final ReceiverSpool spool;
  private final Dice dice;
  private boolean syncing;
  private boolean endTold;

  SpoolWriter(VirtualProcess process, Scenario.Stream stream, ReceiverSpool spool, Dice dice) {
    this.process = process;
    this.stream = stream;
    this.spool = spool;
    this.dice = dice;
  }

  void write(ByteBuffer bytes, byte @Nullable [] cursor) {
    spool.write(bytes, cursor, process.session().incoming().epoch());
  }

  /** Syncs what was written, or the end, when that is not under way. */
  void work() {
    if (syncing || (spool.written().position() == spool.durable() && !endIsDue())) {
      return;
    }
    syncing = true;
    ReceiverSpool.State reached = spool.written();
    boolean withEnd = endIsDue();
    process.later(process.run().delay(dice, stream.syncNanosMax), () -> onSynced(reached, withEnd));
  }

  private void onSynced(ReceiverSpool.State reached, boolean withEnd) {
    spool.sync(reached);
    process.trace("syncs up to", reached.position(), withEnd ? 1 : 0);
    if (withEnd && reached.position() == spool.written().position()) {
      endTold = true;
      Long digest = stream.tellsDigest ? reached.digest() : null;
      process.session().onDurableEnd(reached.position(), digest, process.now());
    } else {
      process.session().onDurable(reached.position(), process.now());
    }
    syncing = false;
    process.pump();
  }

  private boolean endIsDue() {
    Inbound in = process.session().incoming();
    return !endTold && in.ended() && in.received() == spool.written().position();
  }
}
