package io.hostpipe.runtime;

import java.io.IOException;
import java.net.ConnectException;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** One listening place in memory and those who dial it. Thread rule: any thread. */
final class MemoryNetwork implements LinkListener {
  static final int PORT = 9000;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<MemoryLink> arriving = new ArrayDeque<>();
  private final ArrayDeque<IOException> failures = new ArrayDeque<>();
  private final List<MemoryLink> dialed = new ArrayList<>();
  private final List<MemoryLink> accepted = new ArrayList<>();
  private int dialCount;
  private boolean refusing;
  private boolean silent;
  private boolean closed;

  /** Makes a connection, as {@link #dialer} does. */
  MemoryLink dial() throws IOException {
    lock.lock();
    try {
      dialCount++;
      while (silent && !closed) {
        changed.awaitUninterruptibly();
      }
      if (refusing || closed) {
        throw new ConnectException("connection refused");
      }
      MemoryLink[] pair = MemoryLink.pair("dialer-" + dialCount, "acceptor");
      dialed.add(pair[0]);
      arriving.add(pair[1]);
      changed.signalAll();
      return pair[0];
    } finally {
      lock.unlock();
    }
  }

  Dialer dialer() {
    return new Dialer() {
      @Override
      public Link dial() throws IOException {
        return MemoryNetwork.this.dial();
      }

      @Override
      public String peer() {
        return "acceptor";
      }

      @Override
      public Object peerKey() {
        return MemoryNetwork.this;
      }
    };
  }

  @Override
  public Link accept() throws IOException {
    lock.lock();
    try {
      while (true) {
        if (closed) {
          throw new ClosedChannelException();
        }
        IOException failure = failures.poll();
        if (failure != null) {
          throw failure;
        }
        MemoryLink link = arriving.poll();
        if (link != null) {
          accepted.add(link);
          return link;
        }
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int port() {
    return PORT;
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      arriving.forEach(MemoryLink::close);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Whether dialing fails at once. */
  void refuse(boolean refuse) {
    lock.lock();
    try {
      refusing = refuse;
    } finally {
      lock.unlock();
    }
  }

  /** Whether dialing waits, as toward a host that answers nothing. */
  void hush(boolean hush) {
    lock.lock();
    try {
      silent = hush;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The next call of accept throws this, then the one after it the next. */
  void failAccept(IOException failure) {
    lock.lock();
    try {
      failures.add(failure);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  int dialCount() {
    lock.lock();
    try {
      return dialCount;
    } finally {
      lock.unlock();
    }
  }

  int acceptCount() {
    lock.lock();
    try {
      return accepted.size();
    } finally {
      lock.unlock();
    }
  }

  /** Both ends of all connections that were ever accepted. */
  List<MemoryLink> links() {
    lock.lock();
    try {
      List<MemoryLink> all = new ArrayList<>(dialed);
      all.addAll(accepted);
      return all;
    } finally {
      lock.unlock();
    }
  }

  /** The dialer's end of the newest connection. */
  MemoryLink lastDialed() {
    lock.lock();
    try {
      return dialed.getLast();
    } finally {
      lock.unlock();
    }
  }

  /** The acceptor's end of the newest connection that was accepted. */
  MemoryLink lastAccepted() {
    lock.lock();
    try {
      return accepted.getLast();
    } finally {
      lock.unlock();
    }
  }
}
