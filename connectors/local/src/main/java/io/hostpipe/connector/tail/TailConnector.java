package io.hostpipe.connector.tail;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.Encoding;
import io.hostpipe.Listener;
import io.hostpipe.PipeException;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.PipeContext;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** Files that are followed through their rotations ({@code tail:PATH}). */
public final class TailConnector implements Connector {
  private static final Capabilities CAPABILITIES =
      new Capabilities(
          true,
          false,
          false,
          false,
          false,
          true,
          "it goes on where its destination, or state=PATH, has kept the place; of a file that is"
              + " copied and truncated, what was written between the two is in neither");

  @Override
  public Set<String> schemes() {
    return Set.of(Address.TAIL);
  }

  @Override
  public Kind kind(String scheme) {
    return Kind.STORES;
  }

  /** A pattern gives many streams, as a port does. */
  @Override
  public Kind kind(Address address) {
    return TailListener.isPattern(address.path()) ? Kind.LISTENS : Kind.STORES;
  }

  @Override
  public boolean mayListen(String scheme) {
    return true;
  }

  @Override
  public String help(String scheme) {
    return "tail:PATH is a file that grows: read, followed, and followed through its rotations;"
        + " 'tail:PATH/*.log' is all files that match, each a stream of its own";
  }

  @Override
  public Capabilities capabilities(Address address) {
    return CAPABILITIES;
  }

  @Override
  public List<OptionSpec> options(String scheme) {
    return TailOptions.SPECS;
  }

  @Override
  public String check(Address address, boolean asSource) throws PipeException {
    if (!asSource) {
      throw new PipeException.Config(
          Status.UNIMPLEMENTED, address + " cannot be written to; write to the file by its path");
    }
    TailOptions options = TailOptions.of(address);
    Path path = path(address);
    if (TailListener.isPattern(address.path())) {
      return "files in " + TailListener.folderOf(path) + " that match " + path.getFileName();
    }
    checkReadable(path, options.untilEnd());
    Seen seen = Seen.look(path);
    return seen == null
        ? path + " is not there yet, and is waited for"
        : path + ": a file of " + seen.lengthBytes() + " bytes";
  }

  @Override
  public Listener listen(Address address, PipeContext context) throws PipeException {
    TailOptions options = TailOptions.of(address);
    checkEncoding(address, context);
    return new TailListener(address, path(address), options, context);
  }

  @Override
  public Source source(Address address, PipeContext context) throws PipeException {
    TailOptions options = TailOptions.of(address);
    checkEncoding(address, context);
    Path path = path(address);
    checkReadable(path, options.untilEnd());
    if (!Files.exists(path)) {
      context.events().warning(path + " is not there yet; waiting for it");
    }
    StreamId asked = context.stream();
    return new TailSource(asked == null ? streamOf(path) : asked, path, options, context);
  }

  private static void checkEncoding(Address address, PipeContext context) throws PipeException {
    if (context.encoding() != Encoding.RAW) {
      throw new PipeException.Config(
          Status.UNIMPLEMENTED, address + " gives bytes; a framing makes messages of them");
    }
  }

  private static Path path(Address address) throws PipeException {
    String text = address.path().startsWith("///") ? address.path().substring(2) : address.path();
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new PipeException.Config("not a path: " + address);
    }
  }

  private static void checkReadable(Path path, boolean mustBeThere) throws PipeException {
    Path folder = path.toAbsolutePath().getParent();
    if (!Files.exists(path)) {
      if (mustBeThere || folder == null || !Files.isDirectory(folder)) {
        throw new PipeException.Config(
            Status.NOT_FOUND, path + " is not there; look at the path and its folder");
      }
      return;
    }
    if (!Files.isRegularFile(path)) {
      throw new PipeException.Config(
          path
              + " is no regular file, so there is nothing to follow; what comes out of a FIFO or a"
              + " device is read by its path alone");
    }
    if (!Files.isReadable(path)) {
      throw new PipeException.Refused(
          Status.PERMISSION_DENIED, path + " may not be read by this user");
    }
  }

  /** The stream is named after its file; a name too long or with odd characters is summed. */
  static StreamId streamOf(Path path) {
    String name = "tail:" + path.toAbsolutePath().normalize();
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    boolean plain = name.chars().noneMatch(Character::isISOControl);
    return plain && bytes.length <= StreamId.LENGTH_BYTES_MAX
        ? new StreamId(name)
        : new StreamId("tail:" + UUID.nameUUIDFromBytes(bytes));
  }
}
