"""How the embedded dual encoder of Termlens is made: data, model, training, export, scoring."""
