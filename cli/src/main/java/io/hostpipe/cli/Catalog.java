package io.hostpipe.cli;

import io.hostpipe.Address;
import io.hostpipe.Hostpipe;
import io.hostpipe.PipeException;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.OptionSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The connectors there are, by the schemes they answer for. */
final class Catalog {
  private final Map<String, Connector> byScheme = new TreeMap<>();

  Catalog(List<Connector> connectors) {
    for (Connector connector : connectors) {
      for (String scheme : connector.schemes()) {
        byScheme.put(scheme, connector);
      }
    }
  }

  /** Those on the class path. */
  static Catalog ofProcess() {
    return new Catalog(Hostpipe.connectors());
  }

  /** All schemes, sorted. */
  List<String> schemes() {
    return List.copyOf(byScheme.keySet());
  }

  /** The connector of a scheme that is known to be there. */
  Connector connector(String scheme) {
    Connector connector = byScheme.get(scheme);
    if (connector == null) {
      throw new IllegalStateException("no connector for " + scheme);
    }
    return connector;
  }

  /** The connector that answers for an address. */
  Connector connector(Address address) throws PipeException {
    Connector connector = byScheme.get(address.scheme());
    if (connector == null) {
      throw unknownScheme(address.scheme());
    }
    return connector;
  }

  /** An error that names the nearest scheme, or all of them. */
  PipeException unknownScheme(String scheme) {
    String nearest = Nearest.of(scheme, byScheme.keySet());
    return new PipeException.Config(
        "no connector answers for '"
            + scheme
            + "'"
            + (nearest == null
                ? "; there are " + String.join(", ", byScheme.keySet())
                : "; did you mean '" + nearest + "'?"));
  }

  /** The words that may stand behind an address: the connector's, and those of every listener. */
  List<OptionSpec> options(String scheme) {
    Connector connector = connector(scheme);
    List<OptionSpec> own = connector.options(scheme);
    if (!connector.mayListen(scheme)) {
      return own;
    }
    List<OptionSpec> all = new ArrayList<>(own);
    all.addAll(Intake.OPTIONS);
    return all;
  }

  /** The option of this name, or null. */
  @Nullable OptionSpec option(String scheme, String name) {
    for (OptionSpec option : options(scheme)) {
      if (option.name().equals(name)) {
        return option;
      }
    }
    return null;
  }

  /** The names of a scheme's options. */
  List<String> optionNames(String scheme) {
    List<String> names = new ArrayList<>();
    for (OptionSpec option : options(scheme)) {
      names.add(option.name());
    }
    return names;
  }

  /** How an option is written: {@code append} or {@code backlog=N}. */
  static String usage(OptionSpec option) {
    return option.form() == null ? option.name() : option.name() + "=" + option.form();
  }
}
