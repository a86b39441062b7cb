package io.hostpipe.connector.tail;

import io.hostpipe.Address;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.spi.PipeContext;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The files that match a pattern, those that are there and those that come: each a stream of its
 * own. What a rotation has made of one of them is none of them.
 */
final class TailListener implements Listener {
  private final Address address;
  private final Path folder;
  private final String glob;
  private final TailOptions options;
  private final PipeContext context;
  private final ChangeWatch watch;

  /** Held while the folder is looked through, so that no file is given twice. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Set<Path> given = new HashSet<>();
  private final Set<Long> inodes = new HashSet<>();
  private volatile boolean closed;

  TailListener(Address address, Path pattern, TailOptions options, PipeContext context)
      throws PipeException {
    this.address = address;
    this.folder = folderOf(pattern);
    this.glob = String.valueOf(pattern.getFileName());
    this.options = options;
    this.context = context;
    this.watch = new ChangeWatch(pattern);
  }

  /** Whether the last part of a path is a pattern. */
  static boolean isPattern(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    return name.chars().anyMatch(c -> "*?[{".indexOf(c) >= 0);
  }

  /** The folder of a pattern, which is none itself and is there. */
  static Path folderOf(Path pattern) throws PipeException {
    Path folder = pattern.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new PipeException.Config(
          Status.NOT_FOUND,
          pattern + " is not in a folder that is there; a pattern stands for names of files alone");
    }
    return folder;
  }

  @Override
  public Pipe accept() throws PipeException, InterruptedException {
    while (true) {
      if (closed) {
        throw new PipeException.Closed(Status.CANCELLED, address + " was closed on this side");
      }
      Path next = next();
      if (next != null) {
        return new FilePipe(
            new TailSource(TailConnector.streamOf(next), next, options.of(next), context), next);
      }
      if (options.untilEnd()) {
        throw new PipeException.Closed(Status.OK, "no further file matches " + address);
      }
      watch.await(options.poll().toNanos());
    }
  }

  @Override
  public Address address() {
    return address;
  }

  @Override
  public void close() {
    closed = true;
    watch.close();
  }

  /** A file that was not given yet; null when there is none now. */
  private @Nullable Path next() {
    lock.lock();
    try {
      List<Path> matching = new ArrayList<>();
      try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, glob)) {
        files.forEach(matching::add);
      } catch (IOException | DirectoryIteratorException e) {
        // The folder is away; it may come back.
      }
      matching.sort(null);
      for (Path each : given) {
        remember(Seen.look(each));
      }
      for (Path each : matching) {
        Seen seen = given.contains(each) ? null : Seen.look(each);
        if (seen != null && !inodes.contains(seen.inode()) && !isRotated(each)) {
          given.add(each);
          remember(seen);
          return each;
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  private void remember(@Nullable Seen seen) {
    if (seen != null) {
      inodes.add(seen.inode());
    }
  }

  private boolean isRotated(Path path) {
    String name = String.valueOf(path.getFileName());
    return given.stream()
        .anyMatch(each -> Family.isRelative(name, String.valueOf(each.getFileName())));
  }

  /** One of the files; nothing can be written to it. */
  private record FilePipe(Source source, Path path) implements Pipe {
    @Override
    public Sink sink() {
      throw new IllegalStateException(path + " is followed, and not written");
    }

    @Override
    public String description() {
      return path.toString();
    }

    @Override
    public void close() {
      source.close();
    }
  }
}
