package io.hostpipe.testkit.kills;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What is set up and shot at. */
public enum Kind {
  /** A file to a file, with a session's name on both sides. */
  FILES {
    @Override
    Ending prepare(Stage stage) throws IOException {
      Path in = stage.randomFile("in", stage.sizeBytes());
      String place = stage.place();
      Path out = receiver(stage, "receiver", place, "--session", "s");
      sender(stage, in, in.toString(), place, "--session", "s");
      return () -> differing(in, out);
    }
  },

  /** A file to a file, with a spool on both sides. */
  SPOOLS {
    @Override
    Ending prepare(Stage stage) throws IOException {
      Path in = stage.randomFile("in", stage.sizeBytes());
      String place = stage.place();
      Path out = receiver(stage, "receiver", place, "--spool", stage.path("far").toString());
      sender(stage, in, in.toString(), place, "--spool", stage.path("near").toString());
      return () -> differing(in, out);
    }
  },

  /** A producer that gives the same again when it is started again. */
  REPLAY {
    @Override
    Ending prepare(Stage stage) throws IOException {
      Path in = stage.randomFile("in", stage.sizeBytes());
      String place = stage.place();
      Path out = receiver(stage, "receiver", place, "--session", "s");
      sender(stage, in, "-", place, "--session", "s", "--restarted", "replay");
      return () -> differing(in, out);
    }
  },

  /** The same, whose bytes wait in a spool. */
  REPLAY_SPOOL {
    @Override
    Ending prepare(Stage stage) throws IOException {
      Path in = stage.randomFile("in", stage.sizeBytes());
      String place = stage.place();
      Path out = receiver(stage, "receiver", place, "--session", "s");
      String spool = stage.path("near").toString();
      sender(stage, in, "-", place, "--spool", spool, "--restarted", "replay");
      return () -> differing(in, out);
    }
  },

  /** Two links, with a process in between that has a spool. */
  RELAY {
    @Override
    Ending prepare(Stage stage) throws IOException {
      Path in = stage.randomFile("in", stage.sizeBytes());
      String near = stage.place();
      String far = stage.place();
      String spool = stage.path("between").toString();
      Path out = receiver(stage, "receiver", far, "--session", "s");
      stage.sink("relay", listen(near), HEARTBEAT, dial(far), WINDOW, HEARTBEAT, "--spool", spool);
      sender(stage, in, in.toString(), near, "--session", "s");
      return () -> differing(in, out);
    }
  },

  /** Messages into a file: none is torn. */
  LINES {
    @Override
    Ending prepare(Stage stage) throws IOException {
      Path in = stage.lines("in", stage.sizeBytes());
      String place = stage.place();
      Path out = receiver(stage, "receiver", place, "--session", "s", "--frame", "lines");
      sender(stage, in, in.toString(), place, "--session", "s", "--frame", "lines");
      return () -> differing(in, out);
    }
  },

  /** Several streams into one file. */
  FAN_IN {
    @Override
    Ending prepare(Stage stage) throws IOException {
      String place = stage.place();
      Path out = stage.output("out");
      String[] lines = {"--frame", "lines", "--session", "s"};
      List<String> words = new ArrayList<>(List.of(listen(place), HEARTBEAT, "fan-in"));
      words.add(out.toString());
      words.addAll(List.of("--rate", stage.rate(SENDER_COUNT)));
      words.addAll(List.of(lines));
      stage.service("receiver", words.toArray(String[]::new));
      List<Path> all = new ArrayList<>();
      for (int index = 1; index <= SENDER_COUNT; index++) {
        Path in = stage.lines("in" + index, stage.sizeBytes() / SENDER_COUNT);
        all.add(in);
        stage.source(
            "sender" + index,
            in,
            in.toString(),
            dial(place),
            WINDOW,
            HEARTBEAT,
            "--frame",
            "lines",
            "--session",
            "s" + index);
      }
      return () -> unmixed(all, out);
    }
  },

  /** One source, two hosts. */
  FAN_OUT {
    @Override
    Ending prepare(Stage stage) throws IOException {
      Path in = stage.randomFile("in", stage.sizeBytes());
      String first = stage.place();
      String second = stage.place();
      Path one = receiver(stage, "first", first, "--session", "s");
      Path two = receiver(stage, "second", second, "--session", "s");
      String way = dial(second);
      sender(stage, in, in.toString(), first, way, WINDOW, HEARTBEAT, "--session", "s");
      return () -> {
        String wrong = differing(in, one);
        return wrong == null ? differing(in, two) : wrong;
      };
    }
  };

  /** Short, so that a suspension can be longer than three. */
  private static final String HEARTBEAT = "heartbeat=300ms";

  private static final String WINDOW = "window=1MiB";
  private static final int SENDER_COUNT = 3;

  /** What must hold when all commands have ended. */
  interface Ending {
    /** What is wrong; null when nothing is. */
    @Nullable String wrong() throws IOException;
  }

  /** Makes the files, and the commands in the order that they are started in. */
  abstract Ending prepare(Stage stage) throws IOException;

  /** As it is said on the command line. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static void sender(Stage stage, Path in, String from, String place, String... more) {
    List<String> words = new ArrayList<>(List.of(from, dial(place), WINDOW, HEARTBEAT));
    words.addAll(List.of(more));
    stage.source("sender", in, words.toArray(String[]::new));
  }

  private static Path receiver(Stage stage, String name, String place, String... more) {
    Path out = stage.output(name + ".out");
    List<String> words = new ArrayList<>(List.of(listen(place), HEARTBEAT, out.toString()));
    words.addAll(List.of("--rate", stage.rate(1)));
    words.addAll(List.of(more));
    stage.sink(name, words.toArray(String[]::new));
    return out;
  }

  private static String dial(String place) {
    return "tcp://" + place;
  }

  private static String listen(String place) {
    return "tcp-listen://" + place;
  }

  private static @Nullable String differing(Path in, Path out) throws IOException {
    long at = Files.mismatch(in, out);
    return at < 0
        ? null
        : String.format(
            "%s (%,d bytes) differs from %s (%,d bytes) at %,d",
            out, Files.size(out), in, Files.size(in), at);
  }

  /** Every line begins with the name of its file: each file has to be there, line by line. */
  private static @Nullable String unmixed(List<Path> all, Path out) throws IOException {
    List<String> mixed = Files.readAllLines(out, StandardCharsets.US_ASCII);
    long expected = 0;
    for (Path in : all) {
      String name = in.getFileName() + " ";
      List<String> own = mixed.stream().filter(line -> line.startsWith(name)).toList();
      List<String> wanted = Files.readAllLines(in, StandardCharsets.US_ASCII);
      expected += wanted.size();
      for (int line = 0; line < Math.max(own.size(), wanted.size()); line++) {
        String there = line < own.size() ? own.get(line) : "nothing";
        String here = line < wanted.size() ? wanted.get(line) : "nothing";
        if (!here.equals(there)) {
          return String.format("line %d of %s is not in its place: %s", line + 1, in, there);
        }
      }
    }
    return mixed.size() == expected ? null : out + " has lines that nobody sent";
  }
}
