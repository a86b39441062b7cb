package io.hostpipe.cli;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.PipeException;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.PipeContext;
import java.util.List;
import java.util.Set;

/**
 * A connector whose capabilities stand in its scheme, for what no real one here can do or lack:
 * {@code replays-durable://}, {@code loses://} and so on.
 */
final class FixtureConnector implements Connector {
  static final String STRONG = "replays-resumes-durable-ordered";
  static final String FORGETFUL = "replays-durable-ordered";
  static final String UNORDERED = "replays-resumes-durable";

  @Override
  public Set<String> schemes() {
    return Set.of(STRONG, FORGETFUL, UNORDERED);
  }

  @Override
  public Kind kind(String scheme) {
    return Kind.STORES;
  }

  @Override
  public String help(String scheme) {
    return "a store of the tests";
  }

  @Override
  public Capabilities capabilities(Address address) {
    String scheme = address.scheme();
    return new Capabilities(
        scheme.contains("replays"),
        scheme.contains("resumes"),
        scheme.contains("durable"),
        true,
        true,
        scheme.contains("ordered"),
        "");
  }

  @Override
  public List<OptionSpec> options(String scheme) {
    return List.of();
  }

  @Override
  public String check(Address address, boolean asSource) throws PipeException {
    if (asSource) {
      throw new PipeException.Unreachable(Status.UNAVAILABLE, "nobody is there", null);
    }
    return "fine";
  }

  @Override
  public Source source(Address address, PipeContext context) {
    throw new IllegalStateException("a mistake, on purpose");
  }
}
