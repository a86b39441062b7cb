package io.hostpipe.testkit.simulator;

import io.hostpipe.session.Frame;
import io.hostpipe.session.SessionConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a sink has committed. A durable one keeps it when its process is killed; what was written
 * but not synced is not in here and is lost. Any other begins anew, as another receiver.
 */
final class Storage {
  final boolean durable;
  private final boolean tellsDigest;
  private final Content content;
  private final Dice dice;

  Frame.Id receiver;
  @Nullable String stream;
  long epoch;
  long position;
  long digest;
  byte @Nullable [] cursor;
  long cursorPosition;

  /** Ends of the messages that were refused, ascending. */
  final List<Long> rejected = new ArrayList<>();

  /** How often it has forgotten everything. */
  int forgotCount;

  Storage(Scenario.Stream stream, Content content, Dice dice) {
    this.durable = stream.durable;
    this.tellsDigest = stream.tellsDigest;
    this.content = content;
    this.dice = dice;
    this.receiver = new Frame.Id(dice.next(), dice.next());
    begin();
    if (content.base() > 0) {
      this.stream = stream.id;
      cursor = content.cursorAt(position);
      cursorPosition = position;
    }
  }

  /** What a receiver's session begins with. */
  Map<String, SessionConfig.InboundStart> held() {
    String known = stream;
    return known == null
        ? Map.of()
        : Map.of(
            known,
            new SessionConfig.InboundStart(
                known, epoch, position, tellsDigest ? digest : null, cursor, cursorPosition));
  }

  /** The process is gone. */
  void onKilled() {
    if (!durable) {
      receiver = new Frame.Id(dice.next(), dice.next());
      stream = null;
      epoch = 0;
      cursor = null;
      cursorPosition = 0;
      rejected.clear();
      forgotCount++;
      begin();
    }
  }

  private void begin() {
    position = content.base();
    digest = content.digestAt(position);
  }
}
