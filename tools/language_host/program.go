package main

import (
	"context"
	"errors"
	"io"
	"os/exec"
)

// program is a process that runs a program once it has the engine's request. Without one it ends with its input, and so
// with this process.
type program struct {
	virtualenv string
	command    *exec.Cmd
	input      io.WriteCloser
	end        context.CancelFunc
}

// run returns when the program has ended, by itself or with the call.
func (p *program) run(ctx context.Context, request []byte) error {
	defer p.end()
	defer context.AfterFunc(ctx, p.end)()
	_, err := p.input.Write(request)
	err = errors.Join(err, p.input.Close())
	// Of a process that has ended before it took its request, the end says more.
	if ended := p.command.Wait(); ended != nil {
		return ended
	}
	return err
}

// readied holds at most one program that runs before it is asked for.
type readied chan *program

func (r readied) ready(start func() (*program, error)) {
	if len(r) > 0 {
		return
	}
	// What keeps it from starting does so again when it is asked for, and is reported then.
	if one, err := start(); err == nil {
		select {
		case r <- one:
		default: // another call was quicker
			_ = one.input.Close()
		}
	}
}

// take gives the program, nil where there is none of this virtual environment.
func (r readied) take(virtualenv string) *program {
	select {
	case one := <-r:
		if one.virtualenv == virtualenv {
			return one
		}
		_ = one.input.Close()
	default:
	}
	return nil
}
