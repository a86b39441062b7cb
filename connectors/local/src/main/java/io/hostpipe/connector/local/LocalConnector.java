package io.hostpipe.connector.local;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.Encoding;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.Letterbox;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.OptionValues;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.storage.KeptFile;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Standard input and output ({@code -}), and files, FIFOs and devices by their paths. */
public final class LocalConnector implements Connector {
  static final String APPEND = "append";
  static final String OVERWRITE = "overwrite";
  static final String RESUME = "resume";
  static final String VERIFY = "verify";

  private static final List<OptionSpec> FILE_OPTIONS =
      List.of(
          OptionSpec.flag(APPEND, "write behind what the file has already").ofDestination(),
          OptionSpec.flag(OVERWRITE, "empty the file first").ofDestination(),
          OptionSpec.flag(
                  RESUME,
                  "remember in PATH.hostpipe how far the stream has got, so that a new start goes on"
                      + " there")
              .ofDestination(),
          OptionSpec.flag(
                  VERIFY, "when a stream resumes, read again what was sent and compare digests")
              .ofSource());

  private static final Capabilities SEEKABLE =
      new Capabilities(
          true,
          true,
          false,
          false,
          false,
          true,
          "as a destination, what it holds of a stream is remembered by this process only: after a"
              + " crash of it, or of the host, the stream must be sent again from its start into a"
              + " new or overwritten file");

  private static final Capabilities KEEPING =
      new Capabilities(true, true, true, false, false, true, "");

  private static final Capabilities SEQUENTIAL =
      new Capabilities(
          false,
          true,
          false,
          false,
          false,
          true,
          "it cannot go back: as a source, bytes that were read and not delivered are gone with this"
              + " process; as a destination, what the program behind it had read when this process"
              + " ended is not known");

  @Override
  public Set<String> schemes() {
    return Set.of(Address.STDIO, Address.FILE);
  }

  @Override
  public Kind kind(String scheme) {
    return Kind.STORES;
  }

  @Override
  public String help(String scheme) {
    return scheme.equals(Address.STDIO)
        ? "- is standard input as a source, standard output as a destination"
        : "./path, /path or file:PATH is a file, a FIFO or a device";
  }

  @Override
  public Capabilities capabilities(Address address) {
    if (address.scheme().equals(Address.STDIO)) {
      return SEQUENTIAL;
    }
    if (isFolder(address)) {
      return resumes(address) ? KEEPING : SEEKABLE;
    }
    try {
      LocalFile file = LocalFile.find(path(address));
      if (file != null && !file.regular()) {
        return SEQUENTIAL;
      }
      return resumes(address) ? KEEPING : SEEKABLE;
    } catch (PipeException e) {
      // Opening it will say what is wrong; until then it is whatever it was meant to be.
      return SEEKABLE;
    }
  }

  @Override
  public List<OptionSpec> options(String scheme) {
    return scheme.equals(Address.FILE) ? FILE_OPTIONS : List.of();
  }

  @Override
  public String check(Address address, boolean asSource) throws PipeException {
    OptionValues.checkNames(address, options(address.scheme()), asSource);
    if (address.scheme().equals(Address.STDIO)) {
      return asSource ? "standard input" : "standard output";
    }
    Path path = path(address);
    if (asSource) {
      return checkSource(path);
    }
    FileTarget.Existing existing = existing(address);
    if (isFolder(address)) {
      FolderTarget.check(path);
      return path + ": a folder, in which each stream gets a file";
    }
    return checkTarget(path, existing, resumes(address));
  }

  /** Standard input and output together; a file has one way only. */
  @Override
  public Pipe connect(Address address, PipeContext context) throws PipeException {
    if (!address.scheme().equals(Address.STDIO)) {
      throw new PipeException.Config(
          Status.UNIMPLEMENTED,
          address.path()
              + " has one way only; both ways can be had of - (standard input and output) and of"
              + " peers, as in tcp://host:9000/name");
    }
    Source source = source(address, context);
    ChannelTarget target = ChannelTarget.ofStdout(context.pool());
    return new StdioPipe(source, target, target.open(new StreamId("stdout"), context.encoding()));
  }

  @Override
  public Source source(Address address, PipeContext context) throws PipeException {
    OptionValues.checkNames(address, options(address.scheme()), true);
    checkRaw(context.encoding(), address.toString());
    if (address.scheme().equals(Address.STDIO)) {
      return new PumpedSource(
          streamOf(context, "stdin:" + UUID.randomUUID()),
          "standard input",
          context.pool(),
          () -> new FileInputStream(FileDescriptor.in).getChannel(),
          () -> {},
          0);
    }
    Path path = path(address);
    LocalFile file = LocalFile.existing(path);
    StreamId stream = streamOf(context, "file:" + path.toAbsolutePath().normalize());
    if (file.regular()) {
      return FileSource.open(file, stream, context.pool(), address.option(VERIFY) != null);
    }
    checkReadable(path);
    return new PumpedSource(
        stream,
        path.toString(),
        context.pool(),
        () -> FileChannel.open(path, StandardOpenOption.READ),
        () -> ChannelTarget.wakeOpening(path),
        -1);
  }

  @Override
  public Target target(Address address, PipeContext context) throws PipeException {
    OptionValues.checkNames(address, options(address.scheme()), false);
    checkRaw(context.encoding(), address.toString());
    if (address.scheme().equals(Address.STDIO)) {
      return ChannelTarget.ofStdout(context.pool());
    }
    if (isFolder(address)) {
      return FolderTarget.open(
          path(address),
          context,
          existing(address) == FileTarget.Existing.OVERWRITE,
          resumes(address));
    }
    Path path = path(address);
    LocalFile file = LocalFile.find(path);
    if (file == null || file.regular()) {
      FileTarget.Existing existing = existing(address);
      return resumes(address)
          ? KeptTarget.open(path, KeptFile.beside(path), existing, context)
          : FileTarget.open(path, context.pool(), existing);
    }
    checkWritable(path);
    return ChannelTarget.ofPath(path, context.pool());
  }

  /** The messages in a file of records; standard input cannot be looked through. */
  @Override
  public Letterbox letterbox(Address address, PipeContext context)
      throws PipeException, InterruptedException {
    OptionValues.checkNames(address, options(address.scheme()), true);
    return address.scheme().equals(Address.STDIO)
        ? Connector.super.letterbox(address, context)
        : FileLetterbox.open(path(address), context.pool());
  }

  /** Refuses a stream of messages: there is no framing for them yet. */
  static void checkRaw(Encoding encoding, String where) throws PipeException {
    if (encoding != Encoding.RAW) {
      throw new PipeException.Config(
          Status.UNIMPLEMENTED,
          where + " moves raw bytes only in this version; ask for bytes, not for messages");
    }
  }

  /** As a destination: what ends with a slash holds a file for each stream. */
  private static boolean isFolder(Address address) {
    return address.path().endsWith("/");
  }

  private static Path path(Address address) throws PipeException {
    try {
      return Path.of(address.path());
    } catch (InvalidPathException e) {
      throw new PipeException.Config("not a path: " + address);
    }
  }

  private static boolean resumes(Address address) {
    return address.option(RESUME) != null;
  }

  private static FileTarget.Existing existing(Address address) throws PipeException {
    boolean append = address.option(APPEND) != null;
    boolean overwrite = address.option(OVERWRITE) != null;
    if (append && overwrite) {
      throw new PipeException.Config(
          address.path() + " cannot be both appended to and overwritten; leave one word out");
    }
    if (append && isFolder(address)) {
      throw new PipeException.Config(
          address.path() + " is a folder, in which each stream gets a file: leave 'append' out");
    }
    if (append) {
      return FileTarget.Existing.APPEND;
    }
    return overwrite ? FileTarget.Existing.OVERWRITE : FileTarget.Existing.REFUSE;
  }

  private static String checkSource(Path path) throws PipeException {
    LocalFile file = LocalFile.existing(path);
    checkReadable(path);
    return file.regular()
        ? path + ": a file of " + file.lengthBytes() + " bytes"
        : path + ": a FIFO or a device; it cannot go back";
  }

  private static String checkTarget(Path path, FileTarget.Existing existing, boolean resumes)
      throws PipeException {
    LocalFile file = LocalFile.find(path);
    if (file == null) {
      Path folder = LocalFile.folderOf(path);
      if (!Files.isDirectory(folder)) {
        throw new PipeException.Config(
            Status.NOT_FOUND, path + " cannot be created: " + folder + " is not a directory");
      }
      checkWritable(folder);
      return path + ": a new file";
    }
    checkWritable(path);
    if (!file.regular()) {
      return path + ": a FIFO or a device";
    }
    if (resumes && Files.exists(KeptFile.beside(path))) {
      return path + ": a file of " + file.lengthBytes() + " bytes, with the place kept beside it";
    }
    if (file.lengthBytes() > 0 && existing == FileTarget.Existing.REFUSE) {
      throw FileTarget.hasContent(path, file.lengthBytes());
    }
    return path + ": a file of " + file.lengthBytes() + " bytes";
  }

  private static void checkReadable(Path path) throws PipeException {
    if (!Files.isReadable(path)) {
      throw new PipeException.Refused(
          Status.PERMISSION_DENIED, path + " may not be read by this user");
    }
  }

  private static void checkWritable(Path path) throws PipeException {
    if (!Files.isWritable(path)) {
      throw new PipeException.Refused(
          Status.PERMISSION_DENIED, path + " may not be written by this user");
    }
  }

  /**
   * The asked stream id, or this name; a name too long or with odd characters is cut and summed.
   */
  private static StreamId streamOf(PipeContext context, String name) {
    @Nullable StreamId asked = context.stream();
    if (asked != null) {
      return asked;
    }
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    boolean plain = name.chars().noneMatch(Character::isISOControl);
    if (plain && bytes.length <= StreamId.LENGTH_BYTES_MAX) {
      return new StreamId(name);
    }
    return new StreamId("file:" + UUID.nameUUIDFromBytes(bytes));
  }
}
