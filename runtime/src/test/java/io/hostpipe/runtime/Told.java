package io.hostpipe.runtime;

import io.hostpipe.spi.PipeEvents;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps what pipes tell. */
final class Told implements PipeEvents {
  private final List<String> lines = new CopyOnWriteArrayList<>();

  List<String> lines() {
    return lines;
  }

  List<String> lines(String beginning) {
    return lines.stream().filter(line -> line.startsWith(beginning)).toList();
  }

  @Override
  public void linkUp(String peer, long position) {
    lines.add("up " + peer + " at " + position);
  }

  @Override
  public void linkDown(String peer, String reason, Duration retryIn) {
    lines.add("down " + peer + ": " + reason);
  }

  @Override
  public void warning(String text) {
    lines.add("warning " + text);
  }
}
