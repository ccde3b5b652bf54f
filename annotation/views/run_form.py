from __future__ import annotations

from django import forms

from pipeline.models import Run


class BudgetForm(forms.Form):
    """The domain checks what the limits may be; the widgets only say the same beforehand."""

    tokens = forms.IntegerField(
        label="Tokens, at most",
        required=False,
        max_value=10**15,
        widget=forms.NumberInput(attrs={"min": 1, "inputmode": "numeric"}),
    )
    money = forms.DecimalField(
        label="Money, at most",
        required=False,
        max_digits=12,
        decimal_places=4,
        widget=forms.NumberInput(attrs={"min": 0, "step": "any", "inputmode": "decimal"}),
    )

    @classmethod
    def of(cls, run: Run) -> BudgetForm:
        """Filled with the run's limits; the money's label has the currency of its prices, where they are known."""
        money = run.budget_money
        form = cls(initial={"tokens": run.budget_tokens, "money": None if money is None else money.normalize()})
        form.name_currency(run)
        return form

    def name_currency(self, run: Run) -> None:
        if currency := run.prices.get("currency"):
            self.fields["money"].label = f"{currency}, at most"
