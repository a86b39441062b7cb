package io.hostpipe.testkit.simulator;

import io.hostpipe.session.Frame;
import io.hostpipe.session.ProtocolException;
import io.hostpipe.session.SessionFailure;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a process reads its links, and whom it lets hear what came: its session, an errand, or, when
 * a link is nobody's yet, the door.
 */
final class LinkReader {
  private static final int DISCARD_BYTES = 4_096;

  private final VirtualProcess process;

  LinkReader(VirtualProcess process) {
    this.process = process;
  }

  /** Bytes have arrived, or the end. */
  void read(LinkEnd end) {
    if (end.closed || end.reading) {
      return;
    }
    int bytes = end.in.read(process.run().scenario().chunkBytesMax, targets(end));
    if (bytes == 0 && end.in.available() > 0) {
      throw new Violation(process.name() + " has no room for what has come");
    }
    if (bytes > 0 && !end.garbled) {
      feed(end);
    }
    if (end.closed || process.isDead()) {
      return;
    }
    if (end.in.available() > 0) {
      end.reading = true;
      process.later(
          process.run().scenario().readGapNanos,
          () -> {
            end.reading = false;
            read(end);
          });
    } else if (end.in.atEnd()) {
      process.linkDown(end);
    }
  }

  private static ByteBuffer[] targets(LinkEnd end) {
    return end.garbled
        ? new ByteBuffer[] {ByteBuffer.allocate(DISCARD_BYTES)}
        : end.assembler.targets();
  }

  private void feed(LinkEnd end) {
    List<Frame> frames = new ArrayList<>(2);
    ProtocolException garbage = null;
    try {
      Frame next = end.assembler.poll();
      while (next != null) {
        frames.add(next);
        next = next instanceof Frame.Bye ? null : end.assembler.poll();
      }
    } catch (ProtocolException e) {
      garbage = e;
    }
    if (end.connection != 0) {
      process.session().onBytes(end.connection, process.now());
    }
    for (Frame frame : frames) {
      hear(end, frame);
    }
    Errand errand = end.errand;
    if (errand != null) {
      errand.pump();
    }
    if (garbage != null) {
      end.garbled = true;
      process.trace("hears garbage on link", end.link.number, garbage.code());
      if (end.connection == 0) {
        process.close(end);
      } else {
        process.session().onGarbage(end.connection, garbage);
      }
    }
    if (!frames.isEmpty() && frames.getLast() instanceof Frame.Bye && !end.closed) {
      // Behind the BYE of an errand another pipe may begin, behind that of a session nothing.
      feed(end);
    }
    process.pumpSoon();
  }

  private void hear(LinkEnd end, Frame frame) {
    process.run().trace().frame(process.now(), process.name(), end.link.number, frame);
    if ((end == process.current() && process.session().hasHeardAll())
        || (end.resting && end.dialer)) {
      throw new Violation(process.name() + " hears what was said behind the last word");
    }
    Errand errand = end.errand;
    if (!end.closed && errand != null) {
      errand.hear(frame);
      return;
    }
    if (end.closed || end.connection == 0) {
      if (frame instanceof Frame.Data data) {
        data.lease().release();
      }
      if (!end.closed) {
        greet(end, frame);
      }
      return;
    }
    boolean old = end != process.current();
    long before = old ? process.run().checks().fingerprint(process.session()) : 0;
    process.session().onFrame(end.connection, frame, process.now());
    if (old && before != process.run().checks().fingerprint(process.session())) {
      throw new Violation(process.name() + " listened to the old link " + end.link.number);
    }
  }

  /** The first frames of an accepted link: whose is it? */
  private void greet(LinkEnd end, Frame frame) {
    Door.Heard heard =
        process.isOver() ? Door.Heard.NOTHING : process.door().hear(end, frame, process.outlet());
    Frame.Hello hello = heard.hello();
    if (hello == null) {
      if (heard.refusal() != null) {
        refuse(end, heard.refusal());
      } else if (!heard.asked()) {
        process.close(end);
      }
      return;
    }
    end.resting = false;
    LinkEnd living = process.current();
    SessionFailure refusal =
        hello.name().equals(Errand.NAME)
            ? runErrand(end, heard)
            : process.session().onAccept(hello, heard.admission(), process.now());
    if (refusal != null) {
      refuse(end, refusal);
    } else if (end.errand == null) {
      process.run().checks().onAccepted(process, end, living, hello);
      process.adopt(end);
    }
  }

  private void refuse(LinkEnd end, SessionFailure refusal) {
    process.trace("refuses link", end.link.number, refusal.code());
    process.outlet().say(end, new Frame.Failure(refusal.code(), refusal.reason()));
    end.closed = true;
    end.assembler.close();
    end.out.end();
  }

  private @Nullable SessionFailure runErrand(LinkEnd end, Door.Heard heard) {
    Errand errand = new Errand(process, end);
    SessionFailure refusal = errand.accept(heard);
    end.errand = refusal == null ? errand : null;
    return refusal;
  }
}
