package io.hostpipe.connector.memory;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Records;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.OptionValues;
import io.hostpipe.spi.PipeContext;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Pipes and logs inside one process.
 *
 * <p>{@code memory-listen://NAME} waits for pipes, {@code memory://NAME} connects to it, and {@code
 * memory-log://NAME} keeps streams. Names live as long as the process.
 */
public final class MemoryConnector implements Connector {
  private static final String CONNECT = "memory";
  private static final String LISTEN = "memory-listen";
  private static final String LOG = "memory-log";
  private static final String STREAM = "stream";
  private static final String MESSAGE_BYTES_MAX = "max-message-bytes";

  /** The most logs of a process: nothing forgets one. */
  private static final int LOGS_MAX = 65_536;

  private static final Map<String, MemoryListener> LISTENERS = new ConcurrentHashMap<>();
  private static final Map<String, MemoryLog> LOGS = new ConcurrentHashMap<>();

  private static final Capabilities PIPE =
      new Capabilities(
          false,
          true,
          false,
          true,
          true,
          true,
          "it lives in one process, and what was not read ends with it");

  private static final Capabilities STORE =
      new Capabilities(
          true, true, false, true, true, true, "it lives in one process, and ends with it");

  @Override
  public Set<String> schemes() {
    return Set.of(CONNECT, LISTEN, LOG);
  }

  @Override
  public Kind kind(String scheme) {
    return switch (scheme) {
      case CONNECT -> Kind.CONNECTS;
      case LISTEN -> Kind.LISTENS;
      default -> Kind.STORES;
    };
  }

  @Override
  public String help(String scheme) {
    return switch (scheme) {
      case CONNECT -> "memory://NAME connects to memory-listen://NAME of the same process";
      case LISTEN -> "memory-listen://NAME waits for memory://NAME of the same process";
      default -> "memory-log://NAME keeps streams in this process";
    };
  }

  @Override
  public Capabilities capabilities(Address address) {
    return address.scheme().equals(LOG) ? STORE : PIPE;
  }

  @Override
  public List<OptionSpec> options(String scheme) {
    return scheme.equals(LOG)
        ? List.of(
            OptionSpec.value(STREAM, "ID", null, "which stream to read; the only one by itself"),
            OptionSpec.value(
                MESSAGE_BYTES_MAX,
                "N",
                "" + Records.PAYLOAD_BYTES_MAX,
                "longer messages are refused one by one"))
        : List.of();
  }

  @Override
  public String check(Address address, boolean asSource) throws PipeException {
    return switch (address.scheme()) {
      case CONNECT -> address + ": " + listener(address).address() + " is there";
      case LISTEN ->
          LISTENERS.containsKey(name(address)) ? address + ": taken" : address + ": free";
      default -> address + ": a log of this process";
    };
  }

  @Override
  public Pipe connect(Address address, PipeContext context) throws PipeException {
    if (!address.scheme().equals(CONNECT)) {
      return Connector.super.connect(address, context);
    }
    return listener(address).connect(context);
  }

  @Override
  public Listener listen(Address address, PipeContext context) throws PipeException {
    if (!address.scheme().equals(LISTEN)) {
      return Connector.super.listen(address, context);
    }
    String name = name(address);
    MemoryListener listener =
        new MemoryListener(address, context, self -> LISTENERS.remove(name, self));
    if (LISTENERS.putIfAbsent(name, listener) != null) {
      throw new PipeException.Refused(
          Status.ALREADY_EXISTS, address + " is taken by another listener of this process");
    }
    return listener;
  }

  @Override
  public Source source(Address address, PipeContext context)
      throws PipeException, InterruptedException {
    if (!address.scheme().equals(LOG)) {
      return Connector.super.source(address, context);
    }
    OptionValues.checkNames(address, options(LOG));
    String stream = address.option(STREAM);
    return new MemoryLogSource(
        log(address).readable(stream == null ? null : new StreamId(stream), context.encoding()),
        context.pool());
  }

  @Override
  public Target target(Address address, PipeContext context)
      throws PipeException, InterruptedException {
    if (!address.scheme().equals(LOG)) {
      return Connector.super.target(address, context);
    }
    OptionValues.checkNames(address, options(LOG));
    int messageBytesMax =
        OptionValues.integer(
            address, MESSAGE_BYTES_MAX, Records.PAYLOAD_BYTES_MAX, 0, Records.PAYLOAD_BYTES_MAX);
    return new MemoryLogTarget(log(address), context.pool(), messageBytesMax);
  }

  private static MemoryListener listener(Address address) throws PipeException {
    MemoryListener listener = LISTENERS.get(name(address));
    if (listener == null) {
      throw new PipeException.Unreachable(
          address + ": nobody listens at memory-listen://" + name(address) + " here", null);
    }
    return listener;
  }

  private static MemoryLog log(Address address) throws PipeException {
    if (LOGS.size() >= LOGS_MAX) {
      throw new PipeException.Refused(
          Status.RESOURCE_EXHAUSTED, "a process has at most " + LOGS_MAX + " logs in memory");
    }
    return LOGS.computeIfAbsent(name(address), name -> new MemoryLog());
  }

  private static String name(Address address) throws PipeException {
    String name = address.path().isEmpty() ? address.host() : address.host() + "/" + address.path();
    if (name.isEmpty()) {
      throw new PipeException.Config(
          address + " has no name; write it as in " + address.scheme() + "://orders");
    }
    return name;
  }
}
