package io.hostpipe.testkit.simulator;

import io.hostpipe.session.Transmit;
import java.util.ArrayList;
import java.util.List;

/** Transmits to be used again, in this run and in the next: they are large. */
final class Transmits {
  /** More frames than one transmit has. */
  static final int FRAME_COUNT_MAX = 200;

  private final List<Transmit> idle = new ArrayList<>();

  Transmit take() {
    return idle.isEmpty() ? new Transmit() : idle.removeLast();
  }

  void giveBack(Transmit transmit) {
    idle.add(transmit);
  }
}
