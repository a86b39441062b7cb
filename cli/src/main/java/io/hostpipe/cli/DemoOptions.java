package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.spi.OptionSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the demo was asked to show.
 *
 * @param carrier what the pipe goes over
 * @param file the user's; null for one made on the spot
 * @param sizeBytes of the file to be made, or of the user's
 * @param bytesPerSecond how fast the proxy lets bytes pass
 * @param cutCount how often it cuts
 */
record DemoOptions(
    DemoCarrier carrier, @Nullable Path file, long sizeBytes, long bytesPerSecond, int cutCount) {
  /** The words that demo takes; also what completion offers. */
  static final List<OptionSpec> SPECS =
      List.of(
          OptionSpec.value(
              "over", DemoCarrier.names(), "tcp", "the carrier between the two processes"),
          OptionSpec.value("size", "SIZE", "1G", "of the file that is made"),
          OptionSpec.value("rate", "RATE", "150MB/s", "how fast the link is, so that one sees it"),
          OptionSpec.value("cuts", "N", "6", "how often the link is cut"));

  private static final int CUTS_MAX = 1_000;

  /** Reads them from the words behind {@code demo}. */
  static DemoOptions parse(List<String> words) throws PipeException {
    Map<String, String> values = new HashMap<>();
    List<String> names = new ArrayList<>();
    for (OptionSpec spec : SPECS) {
      names.add(spec.name());
      values.put(spec.name(), spec.defaultValue());
    }
    Path file = null;
    for (String word : words) {
      int equals = word.indexOf('=');
      String name = equals < 0 ? word : word.substring(0, equals);
      if (equals > 0 && names.contains(name)) {
        values.put(name, word.substring(equals + 1));
      } else if (equals < 0 && file == null && Files.isRegularFile(Path.of(word))) {
        file = Path.of(word);
      } else {
        throw new PipeException.Config(
            AddressWords.shown(word)
                + " is neither a file nor an option of demo"
                + Nearest.hint(name, names)
                + " ("
                + CommandName.DEMO.usage()
                + ")");
      }
    }
    DemoCarrier carrier = DemoCarrier.of(values.getOrDefault("over", ""));
    long sizeBytes =
        file == null
            ? Quantity.bytes(values.getOrDefault("size", ""), "size")
            : file.toFile().length();
    return new DemoOptions(
        carrier,
        file,
        sizeBytes,
        Quantity.bytesPerSecond(values.getOrDefault("rate", ""), "rate"),
        Quantity.count(values.getOrDefault("cuts", ""), "cuts", CUTS_MAX));
  }
}
