package aws;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;

/** Runs the public static methods of classes, each a case; tests/test_java_cases.py reads what it prints. */
public final class Cases {
    private Cases() {}

    public static void main(String[] classes) throws Exception {
        for (String name : classes) {
            Class<?> cases = Class.forName(name);
            for (Method method : cases.getDeclaredMethods()) {
                if (Modifier.isPublic(method.getModifiers())) {
                    System.out.println(cases.getSimpleName() + "." + method.getName() + "\t" + result(method));
                }
            }
        }
        System.exit(0); // also if a thread is left
    }

    /** "ok", or where it failed. */
    private static String result(Method method) throws IllegalAccessException {
        try {
            method.invoke(null);
            return "ok";
        } catch (InvocationTargetException e) {
            Throwable cause = e.getCause();
            return (cause + " at " + Arrays.asList(cause.getStackTrace())).replaceAll("\\s+", " ");
        }
    }

    public static void equal(Object found, Object wanted) {
        if (!wanted.equals(found)) {
            throw new AssertionError("found " + found + ", wanted " + wanted);
        }
    }

    /** Something that throws. */
    public interface Attempt {
        void run() throws Exception;
    }

    /** The sentence with which it fails. */
    public static String failure(Attempt attempt) throws Exception {
        try {
            attempt.run();
        } catch (AwsFailure | IllegalArgumentException e) {
            return e.getMessage();
        }
        throw new AssertionError("it does not fail");
    }
}
