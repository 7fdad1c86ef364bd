package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gwsvoice/gws-go/voice"
)

// parseData reads KEY=VALUE, where the value is text, and KEY:=VALUE, where it
// is JSON. name is the argument's name for messages.
func parseData(name string, pairs []string) (map[string]any, error) {
	if len(pairs) == 0 {
		return nil, nil
	}
	data := map[string]any{}
	for _, pair := range pairs {
		key, text, found := strings.Cut(pair, "=")
		var value any = text
		if raw, isJSON := strings.CutSuffix(key, ":"); found && isJSON {
			key = raw
			if err := json.Unmarshal([]byte(text), &value); err != nil {
				return nil, usage("%s: the value of %q is not JSON: %v", name, key, err)
			}
		}
		switch _, twice := data[key]; {
		case !found || key == "":
			return nil, usage("%s: %q is not of the form KEY=VALUE", name, pair)
		case twice:
			return nil, usage("%s: %q is given twice", name, key)
		}
		data[key] = value
	}
	return data, nil
}

func (a *app) dataCommand() *cobra.Command {
	pairs := func(method func(*voice.Client, context.Context, string, map[string]any) (*voice.CallStateChangeMessage, error)) func(*voice.Client, context.Context, string, []string) (*voice.Outcome, error) {
		return func(c *voice.Client, ctx context.Context, id string, args []string) (*voice.Outcome, error) {
			data, err := parseData("KEY=VALUE", args)
			if err != nil {
				return nil, err
			}
			return ofCall(method(c, ctx, id, data))
		}
	}
	set := a.command(callOperation{use: "set KEY=VALUE...", short: "Add data, or replace what has the same key", op: voice.OpUpdateUserData,
		scene: talking, do: pairs((*voice.Client).UpdateUserData)})
	set.Long = "Add data, or replace what has the same key.\n\nKEY=VALUE sets text, KEY:=VALUE sets JSON: count:=3, tags:='[\"a\",\"b\"]'."
	return family("data", "Look at and change the data attached to a call",
		a.showDataCommand(),
		set,
		a.command(callOperation{use: "attach KEY=VALUE...", short: "Add data, also where the key is there already", op: voice.OpAttachUserData,
			scene: talking, do: pairs((*voice.Client).AttachUserData)}),
		a.command(callOperation{use: "delete KEY", short: "Remove one key", op: voice.OpDeleteUserDataPair, scene: talking,
			do: func(c *voice.Client, ctx context.Context, id string, args []string) (*voice.Outcome, error) {
				return ofCall(c.DeleteUserDataPair(ctx, id, args[0]))
			}}),
		a.command(callOperation{use: "clear", short: "Remove all data", op: voice.OpDeleteUserData, scene: talking,
			do: one((*voice.Client).DeleteUserData)}))
}

func (a *app) showDataCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show [CALL]", Short: "Print the data attached to a call", Args: positional, ValidArgsFunction: a.completeCall(""),
		RunE: a.with(talking, func(ctx context.Context, s *session, args []string) error {
			call, err := a.anyCall(ctx, s.client, args)
			if err != nil {
				return err
			}
			if a.json() {
				data := call.UserData
				if data == nil {
					data = map[string]any{}
				}
				a.printJSON(data)
				return nil
			}
			for _, key := range slices.Sorted(maps.Keys(call.UserData)) {
				fmt.Fprintf(a.out, "%s=%s\n", printable(key), dataValue(call.UserData[key]))
			}
			return nil
		}),
	}
}

func (a *app) dispositionCommand() *cobra.Command {
	var key string
	c := a.command(callOperation{use: "disposition DISPOSITION", short: "Classify a call, also one that has ended", op: voice.OpSetCallDisposition,
		scene: talking, choice: &choice{func(*voice.Call) bool { return true }, "is there"},
		do: func(c *voice.Client, ctx context.Context, id string, args []string) (*voice.Outcome, error) {
			return ofCall(c.SetCallDisposition(ctx, id, voice.Disposition{Value: args[0], Key: key}))
		}})
	c.Flags().StringVar(&key, "key", "", "`key` of the user data to set, if not the one that the server is configured with")
	return c
}

func (a *app) recordCommand() *cobra.Command {
	recorded := talking.afterwards(" who is recorded", (*voice.Client).StartCallRecording)
	paused := recorded
	paused.what += ", with a pause at the moment"
	paused.prepare = func(ctx context.Context, s *session) error {
		if err := recorded.prepare(ctx, s); err != nil {
			return err
		}
		id, err := s.only(ctx)
		if err == nil {
			_, err = s.client.PauseCallRecording(ctx, id)
		}
		return err
	}
	return family("record", "Record a call",
		a.command(callOperation{use: "start", short: "Start to record", op: voice.OpStartCallRecording, scene: talking, do: one((*voice.Client).StartCallRecording)}),
		a.command(callOperation{use: "pause", short: "Pause", op: voice.OpPauseCallRecording, scene: recorded, do: one((*voice.Client).PauseCallRecording)}),
		a.command(callOperation{use: "resume", short: "Go on after a pause", op: voice.OpResumeCallRecording, scene: paused, do: one((*voice.Client).ResumeCallRecording)}),
		a.command(callOperation{use: "stop", short: "Stop", op: voice.OpStopCallRecording, scene: recorded, do: one((*voice.Client).StopCallRecording)}))
}
