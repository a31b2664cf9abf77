// An ordinary program that uses AWS: it asks who it is, with whatever credentials the SDK's
// default chain finds.
//
//	app [whoami]        once; exit status 1 if it failed
//	app loop [SECONDS]  every second with a fresh configuration, as a command in a script would
//	app hold [SECONDS]  every second with one client kept, as a long-running service would
//
// Without SECONDS, loop and hold run until they are stopped.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Println(oneLine(err))
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] == "whoami" {
		return whoami(ctx)
	}
	ctx, cancel, err := limit(ctx, args[1:])
	if err != nil {
		return err
	}
	defer cancel()
	switch args[0] {
	case "loop":
		everySecond(ctx, freshIdentity)
		return nil
	case "hold":
		return hold(ctx)
	}
	return fmt.Errorf("unknown mode %q: want whoami, loop or hold", args[0])
}

func limit(ctx context.Context, args []string) (context.Context, context.CancelFunc, error) {
	if len(args) == 0 {
		ctx, cancel := context.WithCancel(ctx)
		return ctx, cancel, nil
	}
	seconds, err := strconv.Atoi(args[0])
	if err != nil {
		return nil, nil, fmt.Errorf("not a number of seconds: %q", args[0])
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(seconds)*time.Second)
	return ctx, cancel, nil
}

func whoami(ctx context.Context) error {
	line, err := freshIdentity(ctx)
	if err == nil {
		fmt.Println(line)
	}
	return err
}

func hold(ctx context.Context) error {
	client, err := newClient(ctx)
	if err != nil {
		return err
	}
	everySecond(ctx, func(ctx context.Context) (string, error) { return identity(ctx, client) })
	return nil
}

// everySecond prints one line per call until ctx ends; a failed call is a line like any other.
func everySecond(ctx context.Context, call func(context.Context) (string, error)) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		line, err := call(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			line = oneLine(err)
		}
		fmt.Println(time.Now().UTC().Format(time.RFC3339), line)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func freshIdentity(ctx context.Context) (string, error) {
	client, err := newClient(ctx)
	if err != nil {
		return "", err
	}
	return identity(ctx, client)
}

func newClient(ctx context.Context) (*sts.Client, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	return sts.NewFromConfig(cfg), nil
}

func identity(ctx context.Context, client *sts.Client) (string, error) {
	answer, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("arn=%s account=%s", aws.ToString(answer.Arn), aws.ToString(answer.Account)), nil
}

func oneLine(err error) string {
	return "error: " + strings.Join(strings.Fields(err.Error()), " ")
}
