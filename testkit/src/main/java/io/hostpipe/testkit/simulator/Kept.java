package io.hostpipe.testkit.simulator;

import io.hostpipe.session.SessionConfig;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a host has on its disks.
 *
 * @param storage of the sink of what comes in; null where nothing does
 * @param spool in front of that sink; null for none
 * @param sent the spool of what goes out; null for none
 */
record Kept(@Nullable Storage storage, @Nullable ReceiverSpool spool, @Nullable SenderSpool sent) {
  static final Kept NOTHING = new Kept(null, null, null);

  /** Of streams that do not come. */
  private static final Map<String, SessionConfig.InboundStart> OTHERS =
      Map.of(
          "stream-8",
          new SessionConfig.InboundStart("stream-8", 70, 12_345, 6L, null),
          "stream-9",
          SessionConfig.InboundStart.damaged("stream-9", "a damaged stream"));

  /** What a receiver's session begins with. */
  Map<String, SessionConfig.InboundStart> held() {
    Map<String, SessionConfig.InboundStart> own =
        spool != null ? spool.held() : storage != null ? storage.held() : Map.of();
    if (storage == null || !storage.durable) {
      return own;
    }
    Map<String, SessionConfig.InboundStart> all = new HashMap<>(OTHERS);
    all.putAll(own);
    return all;
  }

  /** How much of what comes in would be there after a loss of power. */
  long durable() {
    return spool != null
        ? spool.durable()
        : storage != null && storage.durable ? storage.position : 0;
  }

  /** The epoch that was kept with it. */
  long epoch() {
    return spool != null ? spool.epoch() : storage != null && storage.durable ? storage.epoch : 0;
  }

  void onKilled(boolean powerLost) {
    if (storage != null) {
      storage.onKilled();
    }
    if (spool != null) {
      spool.onKilled(powerLost);
    }
    if (sent != null) {
      sent.onKilled(powerLost);
    }
  }
}
