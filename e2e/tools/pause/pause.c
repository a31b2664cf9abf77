/*
 * The process that holds namespaces open and reaps what is orphaned in them: process 1 of
 * every pod's sandbox, and process 1 of a whole cluster (see lib/node.sh). SIGTERM and
 * SIGINT end it, and with it, when it is process 1, everything in its PID namespace.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    sigset_t awaited;
    int signal_number;

    sigemptyset(&awaited);
    sigaddset(&awaited, SIGTERM);
    sigaddset(&awaited, SIGINT);
    sigaddset(&awaited, SIGCHLD);
    sigprocmask(SIG_BLOCK, &awaited, NULL);
    while (sigwait(&awaited, &signal_number) == 0 && signal_number == SIGCHLD)
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
    return 0;
}
