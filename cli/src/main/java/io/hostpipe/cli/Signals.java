package io.hostpipe.cli;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;

/**
 * Signals that ask for something without ending the process.
 *
 * <p>{@code sun.misc.Signal} is the only door Java has to them. It is opened by reflection because
 * the compiler warns of each direct use, and warnings are errors here.
 */
final class Signals {
  private Signals() {}

  /**
   * Runs an action at each SIGUSR1, on a thread of the JVM's; without it the signal would end the
   * process.
   *
   * @return whether this Java can
   */
  static boolean onUser1(Runnable action) {
    try {
      Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
      Class<?> signalType = Class.forName("sun.misc.Signal");
      InvocationHandler invocation =
          (proxy, method, arguments) -> {
            action.run();
            return null;
          };
      Object handler =
          Proxy.newProxyInstance(
              Signals.class.getClassLoader(), new Class<?>[] {handlerType}, invocation);
      Object signal = signalType.getConstructor(String.class).newInstance("USR1");
      signalType.getMethod("handle", signalType, handlerType).invoke(null, signal, handler);
      return true;
    } catch (ReflectiveOperationException | IllegalArgumentException e) {
      return false;
    }
  }
}
