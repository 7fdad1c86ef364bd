package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/gwsvoice/gws-go/voice"
)

type completer = func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective)

// completeCall completes the ids of the calls that offer an operation; "" means
// all.
func (a *app) completeCall(op voice.OperationName) completer {
	return a.asking(func(ctx context.Context, client *voice.Client) []cobra.Completion {
		calls, err := client.Calls(ctx)
		if err != nil {
			return nil
		}
		var ids []cobra.Completion
		for _, call := range calls {
			if op == "" || call.Can(op) || op == voice.OpSetCallDisposition {
				ids = append(ids, cobra.CompletionWithDesc(call.ID, string(call.State)+", "+printable(parties(call))))
			}
		}
		return ids
	})
}

func (a *app) completeState() completer {
	return a.asking(func(ctx context.Context, client *voice.Client) []cobra.Completion {
		states, err := client.AgentStates(ctx)
		if err != nil {
			return nil
		}
		var names []cobra.Completion
		for _, state := range states {
			names = append(names, cobra.CompletionWithDesc(state.OperationName, state.DisplayName))
		}
		return names
	})
}

// asking completes the first argument with what the server says. Without a
// server there is nothing to complete.
func (a *app) asking(ask func(context.Context, *voice.Client) []cobra.Completion) completer {
	return func(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if a.checkFlags() != nil || a.url == "" {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		cfg := voice.Config{BaseURL: a.url, HTTPClient: a.http, NotificationsPath: a.notifications, Origin: a.origin}
		if a.credentials(&cfg) != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), 3*time.Second)
		defer cancel()
		client, err := voice.Connect(ctx, cfg)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer client.Close()
		return ask(ctx, client), cobra.ShellCompDirectiveNoFileComp
	}
}
