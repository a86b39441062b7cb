package io.hostpipe.testkit.simulator;

import io.hostpipe.session.Frame;

/** What one process is told of messages that the far sink refused: each once, and rightly. */
final class Rejections {
  private final VirtualProcess process;
  private long highest = -1;

  Rejections(VirtualProcess process) {
    this.process = process;
  }

  void take() {
    for (Frame.Reject reject = process.session().pollReject();
        reject != null;
        reject = process.session().pollReject()) {
      if (reject.endPosition() <= highest) {
        throw new Violation(
            process.name() + " was told twice of the rejection at " + reject.endPosition());
      }
      highest = reject.endPosition();
      if (!process.run().content(process.side()).isRejected(highest)) {
        throw new Violation("nobody rejected the message that ends at " + highest);
      }
      process.host().deadLetters().add(highest);
    }
  }
}
